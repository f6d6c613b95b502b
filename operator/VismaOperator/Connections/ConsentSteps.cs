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
    // Which code is left in its Secret (by UID), and since when.
    private readonly ConcurrentDictionary<NamespacedName, (string? Uid, long Since)> left = new();

    /// <summary>Redeems the code that <c>connect</c> handed over.</summary>
    public async Task<Facts> RedeemAsync(Decision.Redeem step, ReconcileState state, Facts facts, CancellationToken cancellationToken)
    {
        if (!step.IsOverdue && await redeemer.ObstacleAsync(state.RequiredClient, cancellationToken) is { } obstacle)
        {
            var waited = WaitedFor(obstacle, state.Connection);
            return facts.HandoffObstructed(new HandoffObstacle(time.GetUtcNow(), obstacle.RetryAfter, waited));
        }

        left.TryRemove(state.Name, out _);
        leadership.EnsureLeader();
        var former = observer.FormerIn(state.Grant?.Document, state.Connection);
        return await handoffs.TakeAsync(state.Connection, state.RequiredClient, cancellationToken) switch
        {
            HandoffTaking.Taken taken => await RedeemAsync(taken.Code with { Replaces = former }, state, facts, cancellationToken),
            HandoffTaking.Unusable unusable => After(
                await redeemer.FailAsync(state.Connection, former, new Redemption.Failed(unusable.Problem), CancellationToken.None),
                facts
            ),
            HandoffTaking.Gone => facts.HandoffGone(),
            var taking => throw new InvalidOperationException($"Unknown taking {taking.GetType().Name}."),
        };
    }

    /// <summary>The connection is gone.</summary>
    public void Forget(NamespacedName connection) => left.TryRemove(connection, out _);

    /// <summary>Makes a link.</summary>
    public Facts Invite(ReconcileState state, Facts facts) =>
        facts.Invited(new Invitation(links.New(state.Name), WholeSeconds.Floor(time.GetUtcNow() + Invitation.Lifetime)));

    // Where another consent was stored first, that one counts: its grant is seen at the next look.
    private static Facts After(Redemption.Failed failed, Facts facts) =>
        failed.Cause == ConsentFailureCause.Superseded
            ? facts.HandoffGone()
            : facts.ConsentFailed(new ConsentFailure(failed.Problem, failed.Time));

    private TimeSpan WaitedFor(Obstacle obstacle, VismaConnection connection)
    {
        var (name, uid) = (connection.Metadata.NamespacedName, handoffs.UidOf(connection));
        if (!left.TryGetValue(name, out var known) || known.Uid != uid)
        {
            left[name] = known = (uid, time.GetTimestamp());
            log.CodeUnsent(name, obstacle.Cause);
        }

        return time.GetElapsedTime(known.Since);
    }

    private async Task<Facts> RedeemAsync(ConsentCode code, ReconcileState state, Facts facts, CancellationToken stop)
    {
        switch (await redeemer.RedeemAsync(state.Connection, state.RequiredClient, code, stop))
        {
            case Redemption.Stored stored:
                state.Grant = stored.Snapshot;
                return facts.Redeemed(observer.Stored(state.Connection, state.Client, stored.Snapshot));
            case Redemption.Failed failed:
                return After(failed, facts);
            case Redemption.Pending:
                return facts.HandoffGone();
            case var redemption:
                throw new InvalidOperationException($"Unknown redemption {redemption.GetType().Name}.");
        }
    }
}
