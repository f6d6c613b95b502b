using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Grants;

namespace VismaOperator.Connections;

/// <summary>Carries out the decisions about a consent that is awaited or was handed over, and says how the facts are afterwards.</summary>
internal sealed class ConsentSteps(
    CodeRedeemer redeemer,
    HandoffRedeemer handoffs,
    GrantObserver observer,
    ConsentLinks links,
    ILeadership leadership,
    TimeProvider time,
    GrantLog log
)
{
    private static readonly TimeSpan shortestHold = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan longestHold = TimeSpan.FromMinutes(1);

    // Which code is left in its Secret (by UID), and since when. A code that is older than the lifetime of codes is taken, so that its
    // expiry is reported.
    private readonly ConcurrentDictionary<NamespacedName, (string? Uid, long Since)> held = new();

    /// <summary>Redeems the code that <c>connect</c> handed over.</summary>
    public async Task<Facts> RedeemAsync(ReconcileState state, Facts facts, CancellationToken cancellationToken)
    {
        if (await redeemer.ObstacleAsync(state.RequiredClient, cancellationToken) is { } obstacle && IsToBeHeld(state.Connection, obstacle))
        {
            var wait = obstacle.RetryAfter ?? shortestHold;
            wait = wait < shortestHold ? shortestHold : wait > longestHold ? longestHold : wait;
            return facts.HandoffHeld(WholeSeconds.Ceiling(time.GetUtcNow() + wait));
        }

        held.TryRemove(state.Name, out _);
        leadership.EnsureLeader();
        var former = observer.FormerIn(state.Grant?.Document, state.Connection);
        return await handoffs.TakeAsync(state.Connection, state.RequiredClient, cancellationToken) switch
        {
            HandoffTaking.Taken taken => await RedeemAsync(taken.Code with { Replaces = former }, state, facts, cancellationToken),
            HandoffTaking.Unusable unusable => facts.ConsentFailed(
                (await redeemer.FailAsync(state.Connection, former, new FailedConsent(unusable.Problem), CancellationToken.None)).Failure
            ),
            HandoffTaking.Gone => facts.HandoffGone(),
            var taking => throw new InvalidOperationException($"Unknown taking {taking.GetType().Name}."),
        };
    }

    /// <summary>The connection is gone.</summary>
    public void Forget(NamespacedName connection) => held.TryRemove(connection, out _);

    /// <summary>Makes a link.</summary>
    public Facts Invite(ReconcileState state, Facts facts) =>
        facts.Invited(new Invitation(links.New(state.Name), WholeSeconds.Floor(time.GetUtcNow() + Invitation.Lifetime)));

    private bool IsToBeHeld(VismaConnection connection, Obstacle obstacle)
    {
        var (name, uid) = (connection.Metadata.NamespacedName, handoffs.UidOf(connection));
        if (!held.TryGetValue(name, out var known) || known.Uid != uid)
        {
            held[name] = known = (uid, time.GetTimestamp());
            log.CodeUnsent(name, obstacle.Cause);
        }

        return time.GetElapsedTime(known.Since) < ConsentCode.Lifetime;
    }

    private async Task<Facts> RedeemAsync(ConsentCode code, ReconcileState state, Facts facts, CancellationToken stop)
    {
        switch (await redeemer.RedeemAsync(state.Connection, state.RequiredClient, code, stop))
        {
            case Redemption.Stored stored:
                state.Grant = stored.Snapshot;
                return facts.Redeemed(observer.Stored(state.Connection, state.Client, stored.Snapshot));
            case Redemption.Failed failed:
                return facts.ConsentFailed(failed.Failure);
            case Redemption.Pending:
                return facts.HandoffGone();
            case var redemption:
                throw new InvalidOperationException($"Unknown redemption {redemption.GetType().Name}.");
        }
    }
}
