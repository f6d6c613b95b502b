using System.Text;
using VismaConnect.StandIn;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// What is looked at when a scene ends: everything that people and their tools can read must be free of every secret that
/// was issued, and every status ever seen must be one that GitOps tools can judge.
/// </summary>
internal sealed class SceneAudit(ApiClient admin, Ledger issued, Chronicle history, IReadOnlyList<string> places)
{
    private readonly List<OperatorProcess> operators = [];
    private readonly List<string> pages = [];

    public void Add(OperatorProcess started) => operators.Add(started);

    /// <summary>Keeps what an operator's metrics say now; one that does not answer any more has nothing to say.</summary>
    public async Task ScrapeAsync(OperatorProcess running)
    {
        if (running.Process.HasExited)
        {
            return;
        }

        try
        {
            pages.Add((await MetricsPage.ReadAsync(running, CancellationToken.None)).Text);
        }
        catch (HttpRequestException)
        {
        }
    }

    /// <summary>Ends the operators and looks.</summary>
    /// <exception cref="InvalidOperationException">Something is wrong; the message says what and where.</exception>
    public async Task CloseAsync()
    {
        foreach (var running in operators)
        {
            await ScrapeAsync(running);
            await running.DisposeAsync();
        }

        string[] findings = [.. Leaks(await EventsAsync()), .. StatusRules.Violations(history.Sightings), .. Crashes()];
        if (findings.Length > 0)
        {
            throw new InvalidOperationException("The audit of the scene found:\n" + string.Join('\n', findings.Distinct().Take(30)));
        }
    }

    private IEnumerable<string> Leaks(IEnumerable<string> events)
    {
        var texts = operators.SelectMany(process => process.Process.Lines).Select(line => (Place: "log", Text: line))
            .Concat(pages.Select(page => (Place: "metrics", Text: page)))
            .Concat(events.Select(text => (Place: "event", Text: text)))
            .Concat(history.Sightings.Select(sighting => (Place: $"{sighting.Kind} {sighting.Name}", Text: Readable(sighting))));
        var needles = issued.AllSecretsIssued().SelectMany(Forms).Distinct().ToList();
        return from text in texts
               from needle in needles
               where text.Text.Contains(needle, StringComparison.Ordinal)
               select $"a secret in {text.Place}: {text.Text.Replace(needle, "<<<HERE>>>", StringComparison.Ordinal)}";
    }

    // In the data of the token Secret the token belongs; anywhere else in it, and anywhere in the other objects, it does not.
    private static string Readable(Sighting sighting) => sighting.Kind == "Secret"
        ? sighting.Resource["metadata"]!.DeepClone().ToJsonString()
        : sighting.Resource.ToJsonString();

    // As it is, as Kubernetes writes it, and the part of a token that is worth as much as the whole.
    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(secret));
        if (secret.Split('.') is [_, _, var signature])
        {
            yield return signature;
        }
    }

    private IEnumerable<string> Crashes() => operators
        .SelectMany(process => process.Process.Lines)
        .Where(line => line.Contains("Unhandled exception", StringComparison.Ordinal) || line.Contains("did not come to rest", StringComparison.Ordinal))
        .Select(line => $"a crash: {line}");

    private async Task<IEnumerable<string>> EventsAsync()
    {
        var texts = new List<string>();
        foreach (var place in places)
        {
            var list = await admin.FindAsync($"/api/v1/namespaces/{place}/events", CancellationToken.None);
            texts.AddRange(list?["items"]?.AsArray().Select(item => item!.ToJsonString()) ?? []);
        }

        return texts;
    }
}
