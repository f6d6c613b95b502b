using VismaConnect.StandIn;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// What is looked at when a scene ends: everything that people and their tools can read must be free of every secret that
/// was issued, and every status ever seen must be one that GitOps tools can judge.
/// </summary>
internal sealed class SceneAudit(ApiClient admin, Ledger issued, Chronicle history, IReadOnlyList<string> namespaces)
{
    private readonly List<OperatorProcess> operators = [];
    private readonly List<RequestLedger> ways = [];
    private readonly List<string> pages = [];

    public IReadOnlyList<OperatorProcess> Operators => operators;

    public void Add(OperatorProcess started) => operators.Add(started);

    /// <summary>A way to the API server, and what went through it.</summary>
    public void Add(RequestLedger way) => ways.Add(way);

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

        string[] findings =
        [
            .. Leaks(await EventsAsync()),
            .. StatusRules.Violations(history.Sightings),
            .. Crashes(),
            .. Refusals(await GoneAsync()),
        ];
        if (findings.Length > 0)
        {
            throw new InvalidOperationException("The audit of the scene found:\n" + string.Join('\n', findings.Distinct().Take(30)));
        }
    }

    private IEnumerable<string> Leaks(IEnumerable<string> events)
    {
        var texts = operators.SelectMany(process => process.Process.Lines).Select(line => new ReadableText("log", line))
            .Concat(pages.Select(page => new ReadableText("metrics", page)))
            .Concat(events.Select(text => new ReadableText("event", text)))
            .Concat(history.Sightings.Select(sighting => new ReadableText($"{sighting.Kind} {sighting.Name}", Readable(sighting))));
        string[] ofGrants = [.. ClusterSecrets.OfGrantsIn(history.Sightings)];
        return LeakSearch.In(texts, [.. issued.AllSecretsIssued(), .. ofGrants, .. ClusterSecrets.LinksIn(history.Sightings)])
            .Concat(LeakSearch.In(ClusterSecrets.WorkloadsReadIn(history.Sightings), ofGrants));
    }

    // In the data of token and grant Secrets the tokens belong, and a link in its field; anywhere else in it, and anywhere in the other
    // objects, they do not.
    private static string Readable(Sighting sighting) =>
        sighting.Kind == "Secret"
            ? sighting.Resource["metadata"]!.DeepClone().ToJsonString()
            : ClusterSecrets.WithoutLink(sighting.Resource).ToJsonString();

    private IEnumerable<string> Crashes() =>
        operators
            .SelectMany(process => process.Process.Lines)
            .Where(line =>
                line.Contains("Unhandled exception", StringComparison.Ordinal)
                || line.Contains("did not come to rest", StringComparison.Ordinal)
            )
            .Select(line => $"a crash: {line}");

    // What the API server refused by itself and never granted. It also refuses for a moment after its own start, before it has read the
    // roles, to create in a terminating namespace, and everything in one whose roles went before the rest of it.
    private IEnumerable<string> Refusals(IReadOnlyCollection<string> gone)
    {
        var asked = ways.SelectMany(way => way.Requests).ToList();
        var granted = asked.Where(request => request.Status is >= 200 and < 300).Select(Permission).ToHashSet(StringComparer.Ordinal);
        return asked.Where(request => request is { Status: 403, Fault: null } && !granted.Contains(Permission(request)))
            .Where(request => !gone.Any(name => request.Path.Contains($"/namespaces/{name}/", StringComparison.Ordinal)))
            .Select(request => $"a permission that the chart does not give: {request}");
    }

    private async Task<IReadOnlyCollection<string>> GoneAsync()
    {
        var gone = new List<string>();
        foreach (var ns in namespaces)
        {
            if (await admin.FindAsync($"/api/v1/namespaces/{ns}", CancellationToken.None) is null)
            {
                gone.Add(ns);
            }
        }

        return gone;
    }

    // Verb and kind, without namespace and name: the chart grants the same everywhere. /version is of no kind.
    private static string Permission(ProxiedRequest request)
    {
        string[] parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string[] kind =
            parts.Length < 3 ? parts
            : Array.IndexOf(parts, "namespaces") is var at and >= 0 && parts.Length > at + 2
                ? parts[(at + 2)..]
            : parts[(parts[0] == "api" ? 2 : 3)..];
        return $"{request.Method}{(request.IsWatch ? " watch" : "")} {kind[0]} {kind.Length > 1} {kind.ElementAtOrDefault(2)}";
    }

    private async Task<IEnumerable<string>> EventsAsync()
    {
        var texts = new List<string>();
        foreach (var ns in namespaces)
        {
            var list = await admin.FindAsync($"/api/v1/namespaces/{ns}/events", CancellationToken.None);
            texts.AddRange(list?["items"]?.AsArray().Select(item => item!.ToJsonString()) ?? []);
        }

        return texts;
    }
}
