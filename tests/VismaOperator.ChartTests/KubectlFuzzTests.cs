using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using VismaOperator.Api.Validation;
using VismaOperator.ChartTests.Support;
using VismaOperator.Cli.Check;
using VismaOperator.Kubectl;
using VismaOperator.Manifests;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>
/// Texts that nobody thought of: pieces of <c>tests/kubectl/corpus.json</c>, changed at random. They mean to <c>check</c> what the real
/// kubectl takes them for. <c>FUZZ_SEED=N</c> draws other texts, <c>FUZZ_TEXTS=N</c> so many.
/// </summary>
public sealed class KubectlFuzzTests
{
    private static readonly string[] pieces =
    [
        "---\n", "...\n", "&a ", "*a", "<<: *a\n", "? ", "- ", "{", "}", "[", "]", ", ", ": ", "!!str ", "!!int ", "!x ", "|\n", ">-\n",
        "'", "\"", "\t", "  ", "\n", "#", " #", "0o7",
        "1_000", "~", "yes", "0x1F", ".5", "1e3", "\\", "%YAML 1.1\n", "\r", "@", "`", "\u2028",
        "metadata:\n  name: b\n", "kind: List\nitems:\n", "a: &a {b: c}\n", "'a': \"b\"\n", "\uFEFF", "é", "null", "=",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_text_at_random_means_what_kubectl_takes_it_for()
    {
        var (seed, count) = (Number("FUZZ_SEED", 20261129), Number("FUZZ_TEXTS", 40));
        var texts = Draw(seed, count).ToList();
        await using var server = await KubectlDryRun.StartAsync(Ct);
        var differing = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            texts.Index(),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = Ct },
            async (text, cancellationToken) =>
            {
                var answer = await KubectlDryRun.AnswerAsync(server.Urls.Single(), text.Item, cancellationToken);
                if (Difference(text.Item, answer) is { } difference)
                {
                    differing.Enqueue($"text {text.Index}: {difference}\n{JsonValue.Create(text.Item)!.ToJsonString()}");
                }
            }
        );

        Assert.True(differing.IsEmpty, $"FUZZ_SEED={seed} FUZZ_TEXTS={count}\n{string.Join("\n\n", differing)}");
    }

    private static string? Difference(string text, JsonObject answer)
    {
        var set = ManifestReader.ReadText("case.yaml", text);
        var refused = answer["refused"]!.GetValue<bool>();
        var theirs = answer["objects"]!.AsArray().Select(item => KubectlObject.Canonical(item, isRoot: true)).ToList();
        var ours = set
            .Documents.Take(refused ? theirs.Count : int.MaxValue)
            .Select(document => KubectlObject.Canonical(document.Content, isRoot: true))
            .ToList();
        if (!theirs.SequenceEqual(ours))
        {
            return $"kubectl reads {string.Join(' ', theirs)}, and check {string.Join(' ', ours)}"
                + $" ({string.Join("; ", set.Problems.Select(problem => problem.Message))})";
        }

        var isFound = ManifestCheck
            .Check(set, new AllowLists(), TimeProvider.System)
            .Findings.Any(finding => finding is { Severity: Severity.Error, Line: > 0, Column: > 0 });
        var told = set.Problems.FirstOrDefault(problem =>
            problem.Kind == ManifestProblemKind.Unreadable && !problem.Message.Contains("is given twice", StringComparison.Ordinal)
        );
        return refused && !isFound ? "kubectl refuses it, and check finds no error"
            : !refused && told is not null ? $"kubectl takes it, and check says: {told.Message}"
            : null;
    }

    private static IEnumerable<string> Draw(int seed, int count)
    {
        var chance = new Random(seed);
        string[] corpus =
        [
            .. JsonNode
                .Parse(File.ReadAllText(RepositoryFolder.PathOf("tests/kubectl/corpus.json")))!
                .AsObject()
                .Select(entry => entry.Value!.GetValue<string>())
                .Where(text => text.Length is > 0 and < 1000),
        ];
        for (var drawn = 0; drawn < count; drawn++)
        {
            var text = corpus[chance.Next(corpus.Length)];
            for (var changes = chance.Next(1, 5); changes > 0; changes--)
            {
                text = Changed(text, corpus, chance);
            }

            yield return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)); // half a character becomes U+FFFD
        }
    }

    private static string Changed(string text, string[] corpus, Random chance)
    {
        var lines = text.Split('\n').ToList();
        var (at, line) = (chance.Next(text.Length + 1), chance.Next(lines.Count));
        switch (chance.Next(8))
        {
            case 0:
                return text.Remove(Math.Min(at, Math.Max(0, text.Length - 1)), Math.Min(1, text.Length));
            case 1:
                lines.RemoveAt(line);
                break;
            case 2:
                lines.Insert(chance.Next(lines.Count + 1), lines[line]);
                break;
            case 3:
                var other = corpus[chance.Next(corpus.Length)].Split('\n');
                lines.Insert(line, other[chance.Next(other.Length)]);
                break;
            case 4:
                lines[line] = new string(' ', chance.Next(5)) + lines[line].TrimStart(' ');
                break;
            case 5:
                return text + pieces[chance.Next(pieces.Length)] + corpus[chance.Next(corpus.Length)];
            default:
                return text.Insert(at, pieces[chance.Next(pieces.Length)]);
        }

        return string.Join('\n', lines);
    }

    private static int Number(string variable, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : usual;
}
