using System.Globalization;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.VismaConnections;
using Api = VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// Kills real operator processes (SIGKILL) at chosen points of exchanges and redemptions, one connection at a time, and counts what came of it. A standby is ready
/// each time, and the lease of the dead is deleted, so that nobody waits 15 s for it to run out.
/// </summary>
internal sealed class KillLane : IAsyncDisposable
{
    private const int Connections = 8;

    // The grace of a minute must outlast a batch: whoever was struck first is only healed when nobody is killed any more.
    private const int Batch = 5;

    private readonly Scene scene;
    private readonly Random chance;
    private OperatorProcess leader = null!;
    private Task<OperatorProcess> standby = null!;
    private readonly List<DateTimeOffset> killedAt = [];
    private int requests;

    private KillLane(Scene scene, int seed) => (this.scene, chance) = (scene, new Random(seed));

    /// <summary>How often was killed, by where and whether the provider gives a grace.</summary>
    public Dictionary<string, int> Kills { get; } = [];

    /// <summary>Grants lost as cannot be helped: the answer died with the process, and the provider gives no grace. Each ended in ConsentRequired.</summary>
    public int Unavoidable { get; private set; }

    /// <summary>What must not happen and did.</summary>
    public List<string> Violations { get; } = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<KillLane> OpenAsync(ApiServer server, int seed)
    {
        var options = new SceneOptions { Provider = Consents.Provider(Connections), Arguments = ["--leader-elect", "true"] };
        var lane = new KillLane(await Scene.SetAsync(server, options), seed);
        await lane.SetUpAsync();
        return lane;
    }

    public async Task RunAsync(int kills)
    {
        while (kills > 0)
        {
            var struck = Enumerable.Range(0, Connections).OrderBy(_ => chance.Next()).Take(Math.Min(kills, Batch)).ToList();
            var points = new Dictionary<int, KillPoint>();
            foreach (var number in struck)
            {
                points[number] = Enum.GetValues<KillPoint>()[chance.Next(Enum.GetValues<KillPoint>().Length)];
                await StrikeAsync(number, points[number]);
            }

            foreach (var (number, point) in points)
            {
                await SettleAsync(number, point);
            }

            kills -= struck.Count;
        }

        var ledger = new GrantLedger(scene.Provider, scene.History);
        Violations.AddRange(ledger.SpendsOfASucceededToken.Select(entry => $"a token was spent whose successor is stored: {entry}"));
        Violations.AddRange(ledger.RevocationsOfALiveToken.Select(entry => $"a family was revoked of which a live token is stored: {entry}"));
    }

    public async ValueTask DisposeAsync()
    {
        await standby;
        await scene.DisposeAsync();
    }

    private static string NameOf(int number) => $"connection-{number}";

    private static string ClientOf(int number) => number % 2 == 0 ? The.Client : Consents.GracefulClient;

    private async Task SetUpAsync()
    {
        await scene.CreateClientsAsync();
        leader = await scene.StartOperatorAsync();
        await leader.Process.WaitForLineAsync("This replica leads", Ct);
        standby = scene.StartOperatorAsync();
        for (var number = 0; number < Connections; number++)
        {
            await scene.CreateConnectionAsync(Consents.Spec(number, ClientOf(number)), NameOf(number));
            await scene.HandOverAsync(number, NameOf(number), ClientOf(number));
        }

        for (var number = 0; number < Connections; number++)
        {
            await scene.UntilServedAsync(NameOf(number));
        }
    }

    private async Task StrikeAsync(int number, KillPoint point)
    {
        await UntilAnotherSecondAsync(number);
        var provider = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (fault, reached) = Arm(number, point, provider.Task);
        using var lifted = fault;
        if (point is KillPoint.RedemptionProcessed or KillPoint.RedemptionBeforeStore or KillPoint.RedemptionAfterStore)
        {
            await scene.HandOverAsync(number, NameOf(number), ClientOf(number));
        }
        else
        {
            await scene.RequestRefreshAsync($"{++requests}", NameOf(number));
        }

        await UntilReachedAsync(number, point, reached);
        await leader.Process.KillAsync(Ct);
        killedAt.Add(TimeProvider.System.GetUtcNow());
        provider.SetResult(); // now the provider processes what was sent, and nobody is there for the answer
        Count($"{point}{(number % 2 == 0 ? "" : " with grace")}");
        await TakeOverAsync();
    }

    // Of two exchanges in one second the second one is not published, since times are whole seconds; and then some points are never reached.
    private async Task UntilAnotherSecondAsync(int number)
    {
        var grant = await scene.Admin.GetAsync(scene.GrantPath(NameOf(number)), Ct);
        var issuedAt = DateTimeOffset.Parse(grant.Value("issued_at"), CultureInfo.InvariantCulture);
        await Eventually.BecomesTrueAsync("another second", _ => Task.FromResult(TimeProvider.System.GetUtcNow() >= issuedAt.AddSeconds(1)), Ct);
    }

    private async Task UntilReachedAsync(int number, KillPoint point, Task reached)
    {
        try
        {
            await reached.WaitAsync(Eventually.Patience, TimeProvider.System, Ct);
        }
        catch (TimeoutException timeout)
        {
            var connection = await scene.GetConnectionAsync(NameOf(number));
            var said = leader.Process.Lines.Where(line => !line.Contains(" Microsoft.", StringComparison.Ordinal)).TakeLast(30);
            throw new TimeoutException(
                $"{NameOf(number)} did not reach {point}. It is {connection.ToJsonString()}\n{History(number)}\nThe leader (ended: {leader.Process.HasExited}) said:\n{string.Join('\n', said)}", timeout);
        }
    }

    private async Task TakeOverAsync()
    {
        leader = await standby;
        await scene.Admin.DeleteAsync(scene.Home.Of("coordination.k8s.io/v1", "leases/visma-operator"), Ct);
        await leader.Process.WaitForLineAsync("This replica leads", Ct);
        standby = scene.StartOperatorAsync();
    }

    // The first write of the grant Secret is the intent, the second one the store; a redemption has only the second.
    private (IDisposable? Fault, Task Reached) Arm(int number, KillPoint point, Task provider)
    {
        var grant = scene.GrantPath(NameOf(number));
        switch (point)
        {
            case KillPoint.Processed:
                return HoldAtProvider(number, "refresh_token", provider);
            case KillPoint.RedemptionProcessed:
                return HoldAtProvider(number, "authorization_code", provider);
            case KillPoint.BeforeIntent or KillPoint.RedemptionBeforeStore:
                return Hold(new Api.FaultEffect.Hold(), "PUT", grant, which: 1);
            case KillPoint.AfterIntent or KillPoint.RedemptionAfterStore:
                return Hold(new Api.FaultEffect.HoldAnswer(), "PUT", grant, which: 1);
            case KillPoint.BeforeStore:
                return Hold(new Api.FaultEffect.Hold(), "PUT", grant, which: 2);
            case KillPoint.AfterStore:
                return Hold(new Api.FaultEffect.HoldAnswer(), "PUT", grant, which: 2);
            case KillPoint.AfterPublish:
                return Hold(new Api.FaultEffect.HoldAnswer(), "PUT", scene.SecretPath(NameOf(number) + SecretSpec.DefaultNameSuffix), which: 1);
            case KillPoint.BeforeStatus:
                return Hold(new Api.FaultEffect.Hold(), "PATCH", scene.ConnectionPath(NameOf(number)) + "/status", which: 1);
            case KillPoint.AfterStatus:
                return Hold(new Api.FaultEffect.HoldAnswer(), "PATCH", scene.ConnectionPath(NameOf(number)) + "/status", which: 1);
            default:
                throw new InvalidOperationException($"No such point: {point}.");
        }
    }

    private (IDisposable? Fault, Task Reached) HoldAtProvider(int number, string grantType, Task until)
    {
        var hold = new Fault.Hold(until);
        scene.Provider.Faults.Next(hold, tenantId: Consents.TenantOf(number), grantType: grantType);
        return (null, hold.Reached);
    }

    private (IDisposable? Fault, Task Reached) Hold(Api.FaultEffect effect, string method, string path, int which)
    {
        var seen = 0;
        var fault = scene.Proxy.Inject(effect, request => request.Method == method && request.Path == path && Interlocked.Increment(ref seen) == which);
        return (fault, fault.Holding);
    }

    // Kept and serving; or lost as cannot be helped, and then a person is asked for and nobody else.
    private async Task SettleAsync(int number, KillPoint point)
    {
        var (name, hasGrace) = (NameOf(number), number % 2 != 0);
        var connection = await scene.UntilAsync(scene.ConnectionPath(name), $"{name} to come to rest after a kill at {point}", IsAtRest);
        await scene.UntilAsync(scene.GrantPath(name), "no exchange to stand open", grant => grant["data"]?["intent_id"] is null);
        if (connection.Condition("Stalled") is null)
        {
            var token = GrantTrace.HashOf((await scene.Admin.GetAsync(scene.GrantPath(name), Ct)).Value("refresh_token"));
            var family = await scene.FamilyAsync(name);
            if (!family.RefreshTokens.Any(issued => issued.Sha256 == token && issued.IsLive))
            {
                Violations.Add($"{name} is served after a kill at {point}, and its stored token is dead");
            }

            return;
        }

        if (connection.Condition("Authorized") is not { Status: "False", Reason: "ConsentRequired" } || !await CouldNotBeHelpedAsync(name, hasGrace))
        {
            Violations.Add($"{name} lost its grant after a kill at {point}{(hasGrace ? " although the provider gives a grace" : "")}: {connection["status"]!.ToJsonString()}\n{History(number)}");
        }

        Unavoidable++;
        await scene.HandOverAsync(number, name, ClientOf(number));
        await scene.UntilServedAsync(name);
    }

    // The successor of the stored token was issued to a process that was killed before it had stored it; and where there is a grace, that was over. A kill strikes whatever the
    // process was doing, also for other connections than the one it was meant for.
    private async Task<bool> CouldNotBeHelpedAsync(string name, bool hasGrace)
    {
        var token = GrantTrace.HashOf((await scene.Admin.GetAsync(scene.GrantPath(name), Ct)).Value("refresh_token"));
        var spends = scene.Provider.Ledger.Requests.Where(entry => entry.Grant?.Presented == token).ToList();
        var granted = spends.Where(entry => entry.Grant!.Issued is not null).ToList();
        return granted.Count > 0
            && granted.TrueForAll(entry => killedAt.Exists(at => entry.Time <= at && at - entry.Time < TimeSpan.FromSeconds(5)))
            && (!hasGrace || spends[^1].Time - granted[0].Time > TimeSpan.FromMinutes(1));
    }

    private static bool IsAtRest(JsonNode connection) =>
        connection["metadata"]!["annotations"]?[VismaNames.RequestedAtAnnotation]?.GetValue<string>() == connection["status"]?["lastHandledReconcileAt"]?.GetValue<string>()
        && connection["status"]?["failure"]?["nextAttemptTime"] is null | connection.Condition("Stalled") is not null
        && (connection.Condition("Ready")?.Status == "True" || connection.Condition("Stalled")?.Reason == "ConsentRequired");

    // What the provider was asked for this connection, and what of it was stored when.
    private string History(int number)
    {
        var asked = scene.Provider.Ledger.Requests.Where(entry => entry.Request.TenantId == Consents.TenantOf(number)).Select(entry => (entry.Time, Text: $"asked: {entry.Outcome} {entry.Grant}"));
        var stored = scene.History.Of("Secret", NameOf(number) + AuthorizationSpec.GrantSecretSuffix)
            .Select(sighting => (Time: sighting.At, Text: $"stored: {GrantTrace.HashOf(sighting.Resource.Value("refresh_token"))} intent {(sighting.Resource["data"]!["intent_id"] is null ? "none" : sighting.Resource.Value("intent_id"))}"));
        return string.Join('\n', asked.Concat(stored).OrderBy(step => step.Time).TakeLast(12).Select(step => $"{step.Time:HH:mm:ss.fff} {step.Text}"));
    }

    private void Count(string key) => Kills[key] = Kills.GetValueOrDefault(key) + 1;
}

/// <summary>Where a process is killed.</summary>
internal enum KillPoint
{
    /// <summary>About to write the intent.</summary>
    BeforeIntent,

    /// <summary>The intent is written, and nothing is sent.</summary>
    AfterIntent,

    /// <summary>The request is with the provider, which processes it, and the answer finds nobody.</summary>
    Processed,

    /// <summary>The answer is there, and not stored.</summary>
    BeforeStore,

    /// <summary>Stored, and nothing published.</summary>
    AfterStore,

    /// <summary>Published, and no status.</summary>
    AfterPublish,

    /// <summary>About to write status.</summary>
    BeforeStatus,

    /// <summary>Status is written.</summary>
    AfterStatus,

    /// <summary>A code is with the provider, and the answer finds nobody.</summary>
    RedemptionProcessed,

    /// <summary>The new grant is there, and not stored.</summary>
    RedemptionBeforeStore,

    /// <summary>The new grant is stored, and nothing published.</summary>
    RedemptionAfterStore,
}
