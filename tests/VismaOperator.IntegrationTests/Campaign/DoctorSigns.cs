using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using VismaOperator.IntegrationTests.Support;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>Runs <c>doctor --request</c> as the person on call, and cuts its findings to lines that are the same in every run.</summary>
internal static partial class DoctorSigns
{
    private const int MostWords = 9;

    private static readonly Dictionary<string, string> marks = new()
    {
        ["Broken"] = "✗",
        ["Warning"] = "!",
        ["Unknown"] = "?",
    };

    /// <summary>Everything that it says of a connection.</summary>
    public static async Task<JsonNode> AskAsync(Scene scene, string kubeconfig, string connection, string[] allowLists)
    {
        var doctor = await Verb.RunAsync(scene, kubeconfig, ["doctor", connection, "--request", "-o", "json", .. allowLists]);
        Assert.True(doctor.ExitCode is 0 or 1, doctor.Text);
        return JsonNode.Parse(doctor.Text)!;
    }

    /// <summary>The lines that do not hold, without those that a connection has that is well.</summary>
    /// <param name="report">What it said.</param>
    /// <param name="healthy">What it said of a connection that is well.</param>
    /// <param name="names">What differs from run to run, and what stands in its place.</param>
    public static IReadOnlyList<string> Of(JsonNode report, JsonNode? healthy, IReadOnlyDictionary<string, string> names)
    {
        var usual = healthy is null ? [] : Findings(healthy).Select(Verdict).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. Findings(report)
                .Where(link => !usual.Contains(Verdict(link)))
                .Select(link => (string)link["link"]! == "status" ? Verdict(link) : $"{Verdict(link)}: {FirstWords(link, names)}"),
        ];
    }

    private static IEnumerable<JsonNode> Findings(JsonNode report) =>
        report["links"]!.AsArray().Select(link => link!).Where(link => marks.ContainsKey((string)link["outcome"]!));

    private static string Verdict(JsonNode link) => $"{marks[(string)link["outcome"]!]} {link["title"]} {link["reason"]}";

    // What differs from run to run is left out: times, and how a resolver says that there is no such name.
    private static string FirstWords(JsonNode link, IReadOnlyDictionary<string, string> names)
    {
        var message = names.Aggregate(
            (string)link["message"]!,
            (text, name) => text.Replace(name.Key, name.Value, StringComparison.Ordinal)
        );
        var words = Seconds()
            .Replace(message, string.Empty)
            .Replace("the name server does not answer", "there is no such name", StringComparison.Ordinal)
            .Split(' ')
            .TakeWhile(word => !Date().IsMatch(word))
            .Take(MostWords);
        var told = string.Join(' ', words);
        return told == message ? told : $"{told} …";
    }

    [GeneratedRegex("(?<= min) [0-9]+ s")]
    private static partial Regex Seconds();

    [GeneratedRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2}")]
    private static partial Regex Date();
}
