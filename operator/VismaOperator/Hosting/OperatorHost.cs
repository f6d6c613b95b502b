using Kubernetes.Controllers;
using VismaOperator.Reporting;

namespace VismaOperator.Hosting;

/// <summary>
/// Starts and stops the operator's parts in order: caches and consent pages, leadership, controllers; and back. Two commands use it:
/// <c>run</c>, which adds HTTP and a cluster, and <c>local</c>, which adds files.
/// </summary>
internal sealed partial class OperatorHost(
    IControllerSet controllers,
    Leader leader,
    OperatorHealth health,
    TimeProvider time,
    ILogger<OperatorHost> log
)
{
    /// <summary>
    /// Kubernetes kills a pod 30 s after SIGTERM. Reconciles finish under their own deadlines well within 20 s; the rest
    /// is for releasing the lease and for answering the last scrape.
    /// </summary>
    private static readonly TimeSpan drainDeadline = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan flushDeadline = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan releaseDeadline = TimeSpan.FromSeconds(4);

    /// <summary>Runs until <paramref name="stop"/> is cancelled, which returns, or until any part fails, which throws.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var parts = new Parts();
        try
        {
            await RunPartsAsync(parts, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            LogStopping();
        }
        catch (Exception exception)
        {
            var (words, stack) = (FailureWords.InOneLine(exception), FailureWords.Of(exception.InnerException ?? exception));
            LogFailed(words);
            LogStack(stack);
            throw;
        }
        finally
        {
            health.Stopping();
            await StopPartsAsync(parts, stop);
        }

        LogStopped();
    }

    private async Task RunPartsAsync(Parts parts, CancellationToken stop)
    {
        // The election ends an attempt with the other parts, so that a failed cache does not leave us waiting for a lease.
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var failed = parts.Failed;

        Start(parts.Caches, controllers.Caches);
        Start(parts.Servers, controllers.Servers);
        await FirstOfAsync(controllers.WaitUntilSyncedAsync(abort.Token), failed, abort);
        health.CachesSynced();
        LogSynced();

        Start(parts.Election, leader.Loops);
        await FirstOfAsync(leader.Leadership.WaitUntilLeaderAsync(abort.Token), failed, abort);
        if (leader.IsElected)
        {
            // The former leader wrote until a moment ago. Decisions on a cache that lags would renew again what it has just renewed.
            await FirstOfAsync(controllers.CatchUpAsync(abort.Token), failed, abort);
        }

        LogLeading();
        Start(parts.Work, controllers.Controllers);
        await failed.WaitAsync(stop);
    }

    private static void Start(LoopGroup group, IEnumerable<BackgroundLoop> loops)
    {
        foreach (var loop in loops)
        {
            group.Start(loop.RunUntilStoppedAsync);
        }
    }

    private static async Task FirstOfAsync(Task step, Task failed, CancellationTokenSource abort)
    {
        if (await Task.WhenAny(step, failed) == failed || failed.IsFaulted)
        {
            await abort.CancelAsync();
            await failed;
        }

        await step;
    }

    private async Task StopPartsAsync(Parts parts, CancellationToken stop)
    {
        using var drain = Deadline.After(drainDeadline, time);
        var drained = await Task.WhenAll(parts.Work.StopAsync(drain.Token), parts.Servers.StopAsync(drain.Token));
        if (drained.Contains(false))
        {
            LogDrainCutOff(drainDeadline);
        }

        await FlushAsync(drain.Token, stop);

        // Only now, with no side effect of ours under way, may another replica take over.
        using var release = Deadline.After(releaseDeadline, time);
        await parts.Election.StopAsync(release.Token);
        await leader.ReleaseAsync(release.Token);
        await parts.Caches.StopAsync(release.Token);
    }

    // A process that lost its lease was not asked to stop. It may have lost it because the API server accepts no writes, and a one-time
    // refresh token that it holds exists nowhere else, so it stays to store it. Compare-and-swap decides who may store it, not the lease.
    private async Task FlushAsync(CancellationToken drained, CancellationToken stop)
    {
        if (stop.IsCancellationRequested)
        {
            await controllers.FlushAsync(drained);
            return;
        }

        using var patience = Deadline.After(flushDeadline, time);
        await using var stopping = stop.Register(() => patience.Set(drainDeadline));
        await controllers.FlushAsync(patience.Token);
    }

    /// <summary>The loops by when they start and stop.</summary>
    private sealed class Parts
    {
        public LoopGroup Caches { get; } = new();

        public LoopGroup Servers { get; } = new();

        public LoopGroup Election { get; } = new();

        public LoopGroup Work { get; } = new();

        public Task Failed => Task.WhenAny(Caches.Failed, Servers.Failed, Election.Failed, Work.Failed).Unwrap();
    }

    [LoggerMessage(Level = LogLevel.Information, EventName = "CachesSynced", Message = "Caches are in sync")]
    private partial void LogSynced();

    [LoggerMessage(Level = LogLevel.Information, EventName = "Leading", Message = "This replica leads; controllers start")]
    private partial void LogLeading();

    [LoggerMessage(
        Level = LogLevel.Information,
        EventName = "Stopping",
        Message = "Stopping as asked: running reconciles are finished first"
    )]
    private partial void LogStopping();

    [LoggerMessage(
        Level = LogLevel.Critical,
        EventName = "Failed",
        Message = "A part of the operator failed, so the process ends: a part that is missing would go unnoticed. {Failure}"
    )]
    private partial void LogFailed(string failure);

    [LoggerMessage(Level = LogLevel.Debug, EventName = "FailedWhere", Message = "Where it failed: {Failure}")]
    private partial void LogStack(string failure);

    [LoggerMessage(Level = LogLevel.Information, EventName = "Stopped", Message = "Stopped")]
    private partial void LogStopped();

    [LoggerMessage(
        Level = LogLevel.Warning,
        EventName = "DrainCutOff",
        Message = "Reconciles or consents were still running {Deadline} after the stop was asked for and are cut off"
    )]
    private partial void LogDrainCutOff(TimeSpan deadline);
}
