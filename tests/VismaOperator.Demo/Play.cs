using System.Globalization;
using Kubernetes.Controllers.Writing;
using VismaConnect.StandIn;
using VismaOperator.Api;

namespace VismaOperator.Demo;

/// <summary>What the demo shows, act by act. Each act waits for what it claims and fails when that does not happen.</summary>
internal sealed class Play(IStage stage, VismaConnectStandIn visma, OperatorProcess running, TimeProvider time)
{
    private const string Shown = "acme";
    private const string Refused = "not-approved";
    private const int Renewals = 2;
    private static readonly TimeSpan lookInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan stayInterval = TimeSpan.FromSeconds(5);

    /// <summary>All acts.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await ShowFirstTokensAsync(cancellationToken);
        await ShowRefusalAsync(cancellationToken);
        await ShowRenewalsAsync(cancellationToken);
        await ShowHealingAsync(cancellationToken);
        ShowLedger();
    }

    /// <summary>Shows the table again and again until cancelled.</summary>
    public async Task StayAsync(CancellationToken cancellationToken)
    {
        Say("It stays (STAY=1). Ctrl+C ends it.");
        while (!cancellationToken.IsCancellationRequested)
        {
            Print(await stage.ConnectionsAsync(cancellationToken));
            await Task.Delay(stayInterval, time, cancellationToken);
        }
    }

    private static void Say(string text) => Console.WriteLine($"{Environment.NewLine}» {text}");

    private static string Clock(DateTimeOffset? instant) => instant?.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";

    private static Kubernetes.Client.Resources.Condition? Why(VismaConnection connection) =>
        Conditions.Find(connection.Status.Conditions, "Stalled") ?? Conditions.Find(connection.Status.Conditions, "Ready");

    private static bool IsTrue(VismaConnection connection, string condition) =>
        Conditions.Find(connection.Status.Conditions, condition)?.Status == "True";

    private async Task ShowFirstTokensAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await UntilAsync(
            "the first tokens",
            connections => connections.Count(connection => IsTrue(connection, "Ready")) == 2,
            cancellationToken
        );
        Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Two connections are Ready after {time.GetElapsedTime(started).TotalSeconds:0.0} s, starting the process included:"
            )
        );
        var shown = await UntilAsync(
            "the verdict on the third connection",
            connections => connections.All(connection => Why(connection) is not null),
            cancellationToken
        );
        Print(shown);
        Say("What a workload finds (mount the Secret, or read the files):");
        var connection = shown.Single(candidate => candidate.Metadata.Name == Shown);
        await UntilTokenAsync("the token", connection, token => token is not null, cancellationToken);
        foreach (var key in await stage.KeysAsync(connection, cancellationToken))
        {
            Console.WriteLine("    " + key);
        }
    }

    private async Task ShowRefusalAsync(CancellationToken cancellationToken)
    {
        var shown = await UntilAsync(
            "the refusal",
            connections => connections.Any(connection => connection.Metadata.Name == Refused && IsTrue(connection, "Stalled")),
            cancellationToken
        );
        Say("The third one cannot work, and its status says why and what to do:");
        Console.WriteLine("    " + Why(shown.Single(connection => connection.Metadata.Name == Refused))!.Message);
    }

    private async Task ShowRenewalsAsync(CancellationToken cancellationToken)
    {
        Say("Tokens live for 20 s here. They are renewed before they expire:");
        var before = await FindAsync(cancellationToken);
        for (var number = 1; number <= Renewals; number++)
        {
            var issued = before.Status.Token!.IssueTime;
            await UntilAsync(
                "a renewal",
                connections =>
                    connections.Any(connection => connection.Metadata.Name == Shown && connection.Status.Token?.IssueTime > issued),
                cancellationToken
            );
            var after = await FindAsync(cancellationToken);
            var left = before.Status.Token.ExpirationTime - after.Status.Token!.IssueTime;
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"    {Clock(after.Status.Token.IssueTime)}  {Shown}: renewed {left?.TotalSeconds:0} s before expiry; valid until "
                    + $"{Clock(after.Status.Token.ExpirationTime)}, next renewal {Clock(after.Status.Token.RefreshTime)}"
                )
            );
            before = after;
        }
    }

    private async Task ShowHealingAsync(CancellationToken cancellationToken)
    {
        var connection = await FindAsync(cancellationToken);
        var requests = visma.Ledger.TokenRequests.Count;
        await stage.TamperAsync(connection, cancellationToken);
        var started = time.GetTimestamp();
        await UntilTokenAsync("the healing", connection, token => token is not null and not "tampered", cancellationToken);
        var asked = visma.Ledger.TokenRequests.Count - requests;
        Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Somebody overwrote access_token of {Shown}. It was back after {time.GetElapsedTime(started).TotalSeconds:0.0} s "
                + $"(token requests meanwhile: {asked})."
            )
        );
    }

    private void ShowLedger()
    {
        var requests = visma.Ledger.TokenRequests;
        Say(
            $"Visma Connect (the stand-in) saw {requests.Count} token requests: {requests.Count(request => request.IsGranted)} granted, "
            + $"{requests.Count(request => !request.IsGranted)} refused."
        );
    }

    private async Task<VismaConnection> FindAsync(CancellationToken cancellationToken) =>
        (await stage.ConnectionsAsync(cancellationToken)).Single(connection => connection.Metadata.Name == Shown);

    private async Task<IReadOnlyList<VismaConnection>> UntilAsync(
        string what,
        Func<IReadOnlyList<VismaConnection>, bool> condition,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<VismaConnection> seen = [];
        await UntilAsync(what, async () => condition(seen = await stage.ConnectionsAsync(cancellationToken)), cancellationToken);
        return seen;
    }

    private Task UntilTokenAsync(
        string what,
        VismaConnection connection,
        Func<string?, bool> condition,
        CancellationToken cancellationToken
    ) => UntilAsync(what, async () => condition(await stage.AccessTokenAsync(connection, cancellationToken)), cancellationToken);

    private async Task UntilAsync(string what, Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (!await condition())
        {
            if (running.HasEnded || time.GetElapsedTime(started) > patience)
            {
                throw new DemoFailedException(
                    $"Waited in vain for {what}. The end of the operator's log:{Environment.NewLine}{running.LastLines()}"
                );
            }

            await Task.Delay(lookInterval, time, cancellationToken);
        }
    }

    private void Print(IReadOnlyList<VismaConnection> connections)
    {
        Console.WriteLine($"    {Clock(time.GetUtcNow())}  {"CONNECTION",-14} {"READY",-6} {"REASON",-16} {"EXPIRES",-10} NEXT RENEWAL");
        foreach (var connection in connections)
        {
            var ready = Conditions.Find(connection.Status.Conditions, "Ready")?.Status ?? "Unknown";
            var token = connection.Status.Token;
            Console.WriteLine(
                $"               {connection.Metadata.Name,-14} {ready,-6} {Why(connection)?.Reason,-16} "
                + $"{Clock(token?.ExpirationTime),-10} {Clock(token?.RefreshTime)}"
            );
        }
    }
}
