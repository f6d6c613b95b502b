using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Telemetry;
using Microsoft.Extensions.Logging;

namespace Kubernetes.Controllers.Leadership;

/// <summary>
/// Elects one leader among processes by a Lease (<see href="https://kubernetes.io/docs/concepts/architecture/leases/"/>), as client-go
/// does, with three differences: times are measured by the monotonic clock only; the fence is computed when it is asked for, so that a
/// process that was paused finds it closed at once; and a lease that was declared lost is never renewed again.
/// <para>
/// Order at the end of a process: stop the controllers, cancel <see cref="RunAsync"/>, then call <see cref="ReleaseAsync"/>. Until then the
/// lease is renewed, so that running reconciles finish under it.
/// </para>
/// </summary>
public sealed partial class LeaderElector : ILeadership
{
    private readonly IKubernetesClient client;
    private readonly LeaderElectionOptions options;
    private readonly TimeProvider time;
    private readonly Func<double> random;
    private readonly ILogger logger;
    private readonly ControllerMetrics metrics;
    private readonly LeaseObservation others;
    private readonly Fence fence;
    private long attempted; // when the last attempt began; 0 while there is none to be made

    /// <summary>A candidate; nothing is asked before <see cref="RunAsync"/>.</summary>
    /// <param name="client">The cluster.</param>
    /// <param name="options">Lease, identity and times.</param>
    /// <param name="time">Monotonic clock; its wall clock is only written into the lease.</param>
    /// <param name="random">A random number in [0, 1), so that candidates do not ask in step.</param>
    /// <param name="logger">Log.</param>
    /// <param name="metrics">Tells whether this process leads.</param>
    public LeaderElector(
        IKubernetesClient client,
        LeaderElectionOptions options,
        TimeProvider time,
        Func<double> random,
        ILogger logger,
        ControllerMetrics metrics
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(metrics);
        (this.client, this.options, this.time, this.random, this.logger, this.metrics) = (client, options, time, random, logger, metrics);
        others = new(time, options.Times.LeaseDuration);
        fence = new(time, options.Times);
        metrics.NotLeading(options.Lease.Name);
    }

    /// <summary>
    /// For how long the next attempt to take or keep the lease has been overdue, by the time that one and the pause after it take at most.
    /// Zero while none is, and while it does not run.
    /// </summary>
    public TimeSpan Overdue =>
        Volatile.Read(ref attempted) is not 0 and var since
        && time.GetElapsedTime(since) - options.Times.LongestTurn is { Ticks: > 0 } overdue
            ? overdue
            : TimeSpan.Zero;

    /// <inheritdoc/>
    public TimeSpan Remaining => fence.Remaining;

    /// <inheritdoc/>
    public void EnsureLeader()
    {
        if (!fence.IsOpen)
        {
            throw new LeadershipLostException($"This process ({options.Identity}) is not the leader.");
        }
    }

    /// <inheritdoc/>
    public Task WaitUntilLeaderAsync(CancellationToken cancellationToken) => fence.Opened.WaitAsync(cancellationToken);

    /// <summary>
    /// Takes the lease when it is free and renews it until cancelled, then returns; the lease stays as it is (see
    /// <see cref="ReleaseAsync"/>). Run it once: a process that lost the lease must end and be started again, because only that surely ends
    /// everything it had begun.
    /// </summary>
    /// <exception cref="LeadershipLostException">The lease was held and is lost.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await AcquireAsync(cancellationToken).ConfigureAwait(false);
            await HoldAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped as asked.
        }
        catch (LeadershipLostException) when (fence.WasGivenUp)
        {
            // Released while it still ran.
        }
        finally
        {
            Volatile.Write(ref attempted, 0);
        }
    }

    /// <summary>
    /// Gives the lease up, so that another process can take over at its next attempt instead of after the lease's duration. From here on
    /// this process does not lead, whether the API server can be reached or not. Does nothing unless this process leads, and never throws:
    /// what cannot be given back in time is taken over a little later.
    /// </summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        if (fence.GiveUp() is not { } own)
        {
            return;
        }

        metrics.NotLeading(options.Lease.Name);
        try
        {
            await TryAsync(token => GiveBackAsync(own, token), options.Times.RenewDeadline, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            LogAttemptFailed(options.Lease, "it was not given up in time");
        }
    }

    private async Task GiveBackAsync(Lease own, CancellationToken cancellationToken)
    {
        try
        {
            await ReplaceAsync(own, lease => LeaseTerms.Released(lease, time.GetUtcNow()), cancellationToken).ConfigureAwait(false);
            LogReleased(options.Lease);
        }
        catch (LeadershipLostException)
        {
            // Somebody else holds it already: nothing to give back.
        }
    }

    private async Task AcquireAsync(CancellationToken cancellationToken)
    {
        LogWaiting(options.Identity, options.Lease);
        while (!fence.IsOpen)
        {
            NoteAttempt();
            await TryAsync(TakeAsync, options.Times.RenewDeadline, cancellationToken).ConfigureAwait(false);
            if (!fence.IsOpen)
            {
                await time.DelayAsync(UntilNextLook(), cancellationToken).ConfigureAwait(false);
            }
        }

        metrics.Leading(options.Lease.Name);
        LogLeading(options.Identity, options.Lease);
    }

    // A released lease is found within half a retry period, and one whose holder vanished is taken when its time is over: to the moment,
    // and not at the next look. Several who take it at once are told apart by its version.
    private TimeSpan UntilNextLook()
    {
        var pause = options.Times.RetryPeriod / 2 * (1 + (LeaseTimes.Jitter * random()));
        return others.Left is { Ticks: > 0 } left && left < pause ? left : pause;
    }

    private async Task HoldAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var (left, retry) = (fence.UntilDeadline, options.Times.RetryPeriod);
            await time.DelayAsync(left < retry ? left : retry, cancellationToken).ConfigureAwait(false);
            if (!fence.IsOpen)
            {
                throw Lose("it was not renewed in time");
            }

            NoteAttempt();
            await TryAsync(RenewAsync, fence.UntilDeadline, cancellationToken).ConfigureAwait(false);
        }
    }

    private void NoteAttempt() => Volatile.Write(ref attempted, Math.Max(time.GetTimestamp(), 1));

    private async Task TakeAsync(CancellationToken cancellationToken)
    {
        var found = await client.FindAsync<Lease>(options.Lease, cancellationToken).ConfigureAwait(false);
        if (found is not null && !others.MayBeTaken(found, options.Identity))
        {
            return;
        }

        var sentAt = time.GetTimestamp();
        var now = time.GetUtcNow();
        var stored = found is null
            ? await client.CreateAsync(LeaseTerms.New(options, now), cancellationToken).ConfigureAwait(false)
            : await client.ReplaceAsync(LeaseTerms.Taken(found, options, now), cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        fence.Open(stored, sentAt);
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var sentAt = time.GetTimestamp();
        var stored = await ReplaceAsync(fence.Lease, own => LeaseTerms.Renewed(own, options, time.GetUtcNow()), cancellationToken)
            .ConfigureAwait(false);
        if (!fence.TryExtend(stored, sentAt))
        {
            throw Lose("the renewal was answered too late");
        }
    }

    /// <summary>
    /// Writes the own lease, with its version as precondition. On a conflict the lease is read: when this process still holds it, somebody
    /// merely touched it and it is written again; otherwise it was taken. A lease that was deleted is created again, and the first to
    /// create it has it.
    /// </summary>
    private async Task<Lease> ReplaceAsync(Lease own, Func<Lease, Lease> change, CancellationToken cancellationToken)
    {
        try
        {
            return await client.ReplaceAsync(change(own), cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException error) when (error.IsConflict || error.IsNotFound)
        {
            var found = await client.FindAsync<Lease>(options.Lease, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (found is not null && found.Spec.HolderIdentity != options.Identity)
            {
                throw Lose($"{found.Spec.HolderIdentity ?? "nobody"} holds it");
            }

            return found is null
                ? await client
                    .CreateAsync(change(own) with { Metadata = LeaseTerms.New(options, time.GetUtcNow()).Metadata }, cancellationToken)
                    .ConfigureAwait(false)
                : await client.ReplaceAsync(change(found), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One attempt within a time limit. What the server or the network refuses is logged and tried again later.</summary>
    private async Task TryAsync(Func<CancellationToken, Task> attempt, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = Deadline.Linked(limit, time, cancellationToken);
        try
        {
            // The wait ends at the limit even when the client does not: a request that hangs must not hold up the declaration of a loss.
            await attempt(deadline.Token).WaitAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (Exception failure)
            when (!cancellationToken.IsCancellationRequested && (failure is OperationCanceledException || Outage.Caused(failure)))
        {
            LogAttemptFailed(options.Lease, FailureText.Of(failure));
        }
    }

    private LeadershipLostException Lose(string why)
    {
        if (fence.Close()) // the caller logs the exception
        {
            metrics.NotLeading(options.Lease.Name);
            LogLost(options.Lease, why);
        }

        return new($"The lease {options.Lease} is lost: {why}.");
    }
}

/// <summary>Who takes part in which election.</summary>
/// <param name="Lease">The Lease that candidates share.</param>
/// <param name="Identity">Names this process; unique for every start of a process, for example the pod's name and a random suffix.</param>
public sealed record LeaderElectionOptions(NamespacedName Lease, string Identity)
{
    /// <summary>The times of the election. All candidates should have the same.</summary>
    public LeaseTimes Times { get; init; } = new();
}
