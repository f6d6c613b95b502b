using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// Kills real operator processes (SIGKILL) at chosen points of exchanges and redemptions, one connection at a time, and counts what came of
/// it. A standby is ready each time, and the lease of the dead is deleted, so that nobody waits 15 s for it to run out.
/// </summary>
internal sealed class KillLane : IAsyncDisposable
{
    /// <summary>The connections to strike; the provider gives every second one a grace.</summary>
    public static IReadOnlyList<ServedConnection> Connections { get; } =
    [
        .. Enumerable
            .Range(0, 8)
            .Select(number => new ServedConnection(number) { Client = number % 2 == 0 ? The.Client : Consents.GracefulClient }),
    ];

    private readonly Scene scene;
    private readonly KillTally tally;
    private readonly List<DateTimeOffset> killedAt = [];
    private OperatorProcess leader;
    private Task<OperatorProcess> standby;
    private int requests;

    private KillLane(Scene scene, KillTally tally) =>
        (this.scene, this.tally, leader, standby) = (scene, tally, scene.Operator, scene.StartOperatorAsync());

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<KillLane> OpenAsync(ApiServer server, KillTally tally) =>
        new(await GrantScene.ServedAsync(server, Connections), tally);

    /// <summary>Strikes batch after batch; after each the connections must come to rest.</summary>
    public async Task RunAsync(IEnumerable<IReadOnlyList<Strike>> batches)
    {
        foreach (var batch in batches)
        {
            foreach (var strike in batch)
            {
                await StrikeAsync(Connections[strike.Connection], strike.Point);
            }

            foreach (var strike in batch)
            {
                await SettleAsync(Connections[strike.Connection], strike.Point);
            }
        }

        var ledger = new GrantLedger(scene.Provider, scene.History);
        ledger.SpendsOfASucceededToken.ToList().ForEach(entry => tally.Violated(KillViolation.SuccessorSpent, entry.ToString()));
        ledger.RevocationsOfALiveToken.ToList().ForEach(entry => tally.Violated(KillViolation.LiveRevoked, entry.ToString()));
    }

    public async ValueTask DisposeAsync()
    {
        await standby;
        await scene.DisposeAsync();
    }

    private async Task StrikeAsync(ServedConnection connection, KillPoint point)
    {
        using var held = Hold(connection, point);
        if (point.IsOfRedemption())
        {
            await scene.HandOverAsync(connection.Number, connection.Name, connection.Client);
        }
        else
        {
            await scene.RequestRefreshAsync($"{++requests}", connection.Name);
        }

        await UntilReachedAsync(connection, point, held.Reached);
        await leader.Process.KillAsync(Ct);
        killedAt.Add(TimeProvider.System.GetUtcNow());
        if (point == KillPoint.Sent)
        {
            held.Dispose(); // now the provider processes what was sent, and nobody is there for the answer
        }

        tally.Killed(point, connection.HasGrace ? "with a grace of a minute" : "without a grace");
        await TakeOverAsync();
    }

    private async Task UntilReachedAsync(ServedConnection connection, KillPoint point, Task reached)
    {
        try
        {
            await reached.WaitAsync(Eventually.Patience, TimeProvider.System, Ct);
        }
        catch (TimeoutException timeout)
        {
            var found = await scene.GetConnectionAsync(connection.Name);
            var said = leader.Process.Lines.Where(line => !line.Contains(" Microsoft.", StringComparison.Ordinal)).TakeLast(30);
            throw new TimeoutException(
                $"{connection.Name} did not reach {point}. It is {found.ToJsonString()}\n{History(connection)}\nThe leader (ended: "
                + $"{leader.Process.HasExited}) said:\n{string.Join('\n', said)}",
                timeout
            );
        }
    }

    private async Task TakeOverAsync()
    {
        leader = await standby;
        await scene.DeleteLeaseAsync();
        await leader.Process.WaitForLineAsync("This replica leads", Ct);
        standby = scene.StartOperatorAsync();
    }

    // The first write of the grant Secret is the intent, the second one the store; a redemption has only the second.
    private Held Hold(ServedConnection connection, KillPoint point)
    {
        var (grant, token, status) = (
            scene.GrantPath(connection.Name),
            scene.SecretPath(connection.Name + SecretSpec.DefaultNameSuffix),
            scene.ConnectionPath(connection.Name) + "/status"
        );
        return point switch
        {
            KillPoint.Sent => scene.HoldAtProvider(connection.Number, "refresh_token"),
            KillPoint.Processed => scene.HoldAnswerOfProvider(connection.Number, "refresh_token"),
            KillPoint.RedemptionProcessed => scene.HoldAnswerOfProvider(connection.Number, "authorization_code"),
            KillPoint.BeforeIntent or KillPoint.RedemptionBeforeStore => scene.Proxy.HoldWrite("PUT", grant),
            KillPoint.AfterIntent or KillPoint.RedemptionAfterStore => scene.Proxy.HoldWriteAnswer("PUT", grant),
            KillPoint.BeforeStore => scene.Proxy.HoldWrite("PUT", grant, which: 2),
            KillPoint.AfterStore => scene.Proxy.HoldWriteAnswer("PUT", grant, which: 2),
            KillPoint.AfterPublish => scene.Proxy.HoldWriteAnswer("PUT", token),
            KillPoint.BeforeStatus => scene.Proxy.HoldWrite("PATCH", status),
            KillPoint.AfterStatus => scene.Proxy.HoldWriteAnswer("PATCH", status),
            _ => throw new InvalidOperationException($"No such point: {point}."),
        };
    }

    // Kept and serving; or lost as cannot be helped, and then a person is asked for and nobody else.
    private async Task SettleAsync(ServedConnection connection, KillPoint point)
    {
        var found = await scene.UntilAsync(
            scene.ConnectionPath(connection.Name),
            $"{connection.Name} to come to rest after a kill at {point}",
            IsAtRest
        );
        var grant = await scene.UntilAsync(
            scene.GrantPath(connection.Name),
            "no exchange to stand open",
            grant => grant["data"]?["intent_id"] is null
        );
        var token = GrantTrace.HashOf(grant.Value("refresh_token"));
        if (found.Condition("Stalled") is null)
        {
            var family = await scene.FamilyAsync(connection.Name);
            if (!family.RefreshTokens.Any(issued => issued.Sha256 == token && issued.IsLive))
            {
                tally.Violated(
                    KillViolation.GrantLost,
                    $"{connection.Name} is served after a kill at {point}, and its stored token is dead"
                );
            }

            return;
        }

        if (found.Condition("Authorized") is { Status: "False", Reason: "ConsentRequired" } && CouldNotBeHelped(token, connection))
        {
            tally.LostUnavoidably(point);
        }
        else
        {
            tally.Violated(
                KillViolation.GrantLost,
                $"{connection.Name} lost its grant after a kill at "
                + $"{point}{(connection.HasGrace ? " although the provider gives a grace" : "")}: "
                + $"{found["status"]!.ToJsonString()}\n{History(connection)}"
            );
        }

        await scene.HandOverAsync(connection.Number, connection.Name, connection.Client);
        await scene.UntilServedAsync(connection.Name);
    }

    // The successor of the stored token was issued to a process that was killed before it had stored it; and where there is a grace, that
    // was over. A kill strikes whatever the process was doing, also for other connections than the one it was meant for.
    private bool CouldNotBeHelped(string token, ServedConnection connection)
    {
        var spends = scene.Provider.Ledger.Requests.Where(entry => entry.Grant?.Presented == token).ToList();
        var granted = spends.Where(entry => entry.Grant!.Issued is not null).ToList();
        return granted.Count > 0
            && granted.TrueForAll(entry => killedAt.Exists(at => entry.Time <= at && at - entry.Time < TimeSpan.FromSeconds(5)))
            && (!connection.HasGrace || spends[^1].Time - granted[0].Time > TimeSpan.FromMinutes(1));
    }

    private static bool IsAtRest(JsonNode connection) =>
        connection["metadata"]!["annotations"]?[VismaNames.RequestedAtAnnotation]?.GetValue<string>()
            == connection["status"]?["lastHandledReconcileAt"]?.GetValue<string>()
        && connection["status"]?["failure"]?["nextAttemptTime"] is null | connection.Condition("Stalled") is not null
        && (connection.Condition("Ready")?.Status == "True" || connection.Condition("Stalled")?.Reason == "ConsentRequired");

    // What the provider was asked for this connection, and what of it was stored when.
    private string History(ServedConnection connection)
    {
        var asked = scene
            .Provider.Ledger.Requests.Where(entry => entry.Request.TenantId == Consents.TenantOf(connection.Number))
            .Select(entry => (entry.Time, Text: $"asked: {entry.Outcome} {entry.Grant}"));
        var stored = scene
            .History.Of("Secret", connection.Name + AuthorizationSpec.GrantSecretSuffix)
            .Select(sighting =>
                (
                    Time: sighting.At,
                    Text: $"stored: {GrantTrace.HashOf(sighting.Resource.Value("refresh_token"))} intent "
                        + $"{(sighting.Resource["data"]!["intent_id"] is null ? "none" : sighting.Resource.Value("intent_id"))}"
                )
            );
        return string.Join(
            '\n',
            asked.Concat(stored).OrderBy(step => step.Time).TakeLast(12).Select(step => $"{step.Time:HH:mm:ss.fff} {step.Text}")
        );
    }
}
