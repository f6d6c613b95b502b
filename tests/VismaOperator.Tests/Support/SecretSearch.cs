using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Kubernetes.Client.Resources;
using VismaOperator.Api;

namespace VismaOperator.Tests.Support;

/// <summary>Searches all that a person may see for anything that was ever secret in a test.</summary>
internal static class SecretSearch
{
    // Shorter values would be found in innocent text.
    private const int Shortest = 8;

    /// <summary>Fails when a secret stands in a log line, a status, an event, or the metadata of a Secret.</summary>
    public static void Check(ClusterRecord record, CapturedLogs logs, IEnumerable<string> issued)
    {
        var secrets = issued.Concat(Referenced(record)).Where(secret => secret.Length >= Shortest).Distinct().ToList();
        var forms = SearchValues.Create([.. secrets.SelectMany(Forms)], StringComparison.Ordinal);
        Assert.All(logs.Lines, line => Assert.False(line.AsSpan().ContainsAny(forms), $"a secret stands in the log: {line}"));
        foreach (var entry in record.All)
        {
            var text = Readable(entry.Object.Json);
            Assert.False(text.AsSpan().ContainsAny(forms), $"a secret stands in {entry.Object.Kind.Kind} {entry.Object.Name}: {text}");
        }
    }

    // As it is, as a Secret holds it, and the signature of a token, which alone would be worth stealing.
    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(secret));
        if (secret.LastIndexOf('.') is > 0 and var dot && secret.Length - dot > 2 * Shortest)
        {
            yield return secret[(dot + 1)..];
        }
    }

    private static IEnumerable<string> Referenced(ClusterRecord record) =>
        record.Of<Secret>()
            .Where(secret => secret.Metadata.Label(VismaNames.SecretLabel) is null)
            .SelectMany(secret => secret.Data ?? new Dictionary<string, SecretValue>())
            .Where(pair => pair.Key != "clientID" && !StandardKeys.All.Contains(pair.Key)) // tokens are among those issued
            .Select(pair => pair.Value.RevealText());

    private static string Readable(ReadOnlyMemory<byte> json)
    {
        var tree = JsonNode.Parse(json.Span)!.AsObject();
        tree.Remove("data");
        return tree.ToJsonString();
    }
}
