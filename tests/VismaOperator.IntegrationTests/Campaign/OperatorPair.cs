using System.Text.Json.Nodes;
using VismaOperator.FaultCampaign;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>
/// The causes that are of an operator as a whole: two installations serve one namespace, and then the only one that is left is cut off
/// from the API server.
/// </summary>
internal sealed class OperatorPair : IAsyncDisposable
{
    private const string Cluster = "pair";

    private static readonly string[] elected = ["--leader-elect", "true"];

    private readonly Dictionary<int, FaultSigns> seen = [];
    private JsonNode? healthy;

    private OperatorPair(Scene first, Scene second, CampaignPerson person) => (First, Second, Person) = (first, second, person);

    public Scene First { get; }

    public Scene Second { get; }

    /// <summary>What was seen, by number of the row.</summary>
    public IReadOnlyDictionary<int, FaultSigns> Seen => seen;

    private CampaignPerson Person { get; }

    private string[] AllowLists => ["--allowed-issuers", First.Provider.Issuer.OriginalString, "--insecure-issuers"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Both installations lead, each with a Lease of its own.</summary>
    public static async Task<OperatorPair> OpenAsync(ApiServer server, IReadOnlyDictionary<string, string?> environment)
    {
        var listed = new SceneOptions { Reach = Reach.Listed, Environment = environment };
        var first = await Scene.SetAsync(server, listed with { Namespace = "visma-system", Arguments = elected });
        var second = await Scene.SetAsync(
            server,
            listed with
            {
                Namespace = "other-system",
                MoreNamespaces = [first.Home.Name],
                Arguments = [.. elected, "--allowed-issuers", first.Provider.Issuer.OriginalString],
            }
        );
        foreach (var scene in new[] { first, second })
        {
            var running = await scene.StartOperatorAsync();
            await running.Process.WaitForLineAsync("This replica leads", Ct);
        }

        return new OperatorPair(first, second, await CampaignPerson.HireAsync(first, [first.Home]));
    }

    /// <summary>Plays both causes, one after the other.</summary>
    public async Task PlayAsync(ScrapedTargets targets, FaultRow two, FaultRow cutOff)
    {
        targets.Set(Cluster, First.Home.Name, First.Operator);
        targets.Set(Cluster, Second.Home.Name, Second.Operator);
        await First.CreateAllAsync();
        await OperatorPod.CreateAsync(First, [First.Home.Name]);
        healthy = await AskDoctorAsync();
        await OperatorPod.CreateAsync(Second, [First.Home.Name, Second.Home.Name]);
        await SeeAsync(targets, two, LeadersAsync);

        await OperatorPod.DeleteAsync(Second);
        await Second.EndOperatorAsync(ProcessSignal.Terminate);
        targets.Remove(Cluster, Second.Home.Name);
        await CutOffAsync(targets);
        await SeeAsync(targets, cutOff, CutOffSignsAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await Person.DisposeAsync();
        await Second.DisposeAsync();
        await First.DisposeAsync();
    }

    // The leader ends itself as soon as its lease has run out; a kubelet starts it again.
    private async Task CutOffAsync(ScrapedTargets targets)
    {
        var cut = First.Operator;
        First.Proxy.Inject(new FaultEffect.Break(), _ => true);
        First.Proxy.DropConnections();
        await cut.Process.WaitForExitAsync(Ct);
        var again = First.LaunchOperator(First.Proxy);
        await Eventually.BecomesTrueAsync(
            "the operator to try the API server",
            async token => FaultSight.SamplesOf((await MetricsPage.ReadAsync(again, token)).Text).Any(IsFailedRequest),
            Ct
        );
        await OperatorPod.SayReadinessAsync(First, again);
        targets.Set(Cluster, First.Home.Name, again);
    }

    private async Task SeeAsync(ScrapedTargets targets, FaultRow row, Func<Task<IEnumerable<string>>> metrics)
    {
        FaultSigns now = new();
        try
        {
            await Eventually.BecomesTrueAsync(
                row.Cause,
                async _ => FaultDifferences.Between(row, now = await LookAsync(targets, metrics)).All(one => one.Column == "doctor"),
                Ct,
                FaultDifferences.Patience
            );
            await targets.UntilEvaluatedAsync(Ct);
            now = await LookAsync(targets, metrics);
        }
        catch (TimeoutException)
        {
            // What differs is told with the other rows.
        }

        var names = new Dictionary<string, string> { [First.Provider.Issuer.Authority] = "connect.visma.com" };
        seen[row.Number] = now with { Doctor = DoctorSigns.Of(await AskDoctorAsync(), healthy, names) };
    }

    private Task<JsonNode> AskDoctorAsync() => DoctorSigns.AskAsync(First, Person.Kubeconfig, The.Connection, AllowLists);

    private async Task<FaultSigns> LookAsync(ScrapedTargets targets, Func<Task<IEnumerable<string>>> metrics)
    {
        var connection = await First.GetConnectionAsync();
        var events = await First.Admin.GetAsync(First.Home.Of("events.k8s.io/v1", "events"), Ct);
        return new FaultSigns
        {
            Conditions =
            [
                .. connection["status"]!["conditions"]!
                    .AsArray()
                    .Where(condition => (string?)condition!["status"] == "False")
                    .Select(condition => $"{condition!["type"]}=False {condition["reason"]}"),
            ],
            Events =
            [
                .. events["items"]!
                    .AsArray()
                    .Select(one => $"{one!["type"]} {one["reason"]}")
                    .Distinct()
                    .Order(StringComparer.Ordinal),
            ],
            Metrics = [.. await metrics()],
            Alerts =
            [
                .. (await targets.FiringAsync(Ct))
                    .Where(alert => alert.GetValueOrDefault("cluster") == Cluster)
                    .Select(alert => alert["alertname"])
                    .Distinct()
                    .Order(StringComparer.Ordinal),
            ],
        };
    }

    private async Task<IEnumerable<string>> LeadersAsync()
    {
        var leaders = new[] { First, Second }.Select(async scene =>
            FaultSight
                .SamplesOf((await MetricsPage.ReadAsync(scene.Operator, Ct)).Text)
                .Count(sample => sample is { Name: "leader_election_master_status", Value: 1 })
        );
        return (await Task.WhenAll(leaders)).Sum() == 2 ? ["leader_election_master_status 1 (both)"] : [];
    }

    private async Task<IEnumerable<string>> CutOffSignsAsync()
    {
        var samples = FaultSight.SamplesOf((await MetricsPage.ReadAsync(First.Operator, Ct)).Text);
        return
        [
            .. samples
                .Where(sample => sample is { Name: "leader_election_master_status", Value: 0 })
                .Select(sample => $"{sample.Name} 0")
                .Distinct(),
            .. samples.Where(IsFailedRequest).Select(sample => $"{sample.Name}{{code=\"<error>\"}}").Distinct(),
            .. samples
                .Where(sample => sample is { Name: "controller_cache_last_contact_timestamp_seconds", Value: 0 })
                .Select(sample => $"{sample.Name} 0")
                .Distinct(),
        ];
    }

    private static bool IsFailedRequest(Sample sample) =>
        sample is { Name: "rest_client_requests_total", Value: > 0 } && sample.Is("code", "<error>");
}
