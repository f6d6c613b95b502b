namespace Kubernetes.Controllers;

/// <summary>
/// Background work that starts and stops together. The first part that fails completes <see cref="Failed"/>, so that no part can be dead
/// while its owner looks alive. A part that ends by itself, or because the group was stopped, has not failed. Safe for use by many threads.
/// </summary>
#pragma warning disable CA1001 // A source without a timer holds nothing to dispose, and parts may still ask it while the group ends.
public sealed class LoopGroup
#pragma warning restore CA1001
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<Task> running = [];

    /// <summary>Never completes but by the exception of the first part that failed.</summary>
    public Task Failed => failure.Task;

    /// <summary>
    /// Starts a part on the thread pool. May be called at any time; what is added to a stopped group sees its token fire at once.
    /// </summary>
    public void Start(Func<CancellationToken, Task> part)
    {
        var task = Task.Run(() => GuardAsync(part), CancellationToken.None);
        lock (gate)
        {
            running.Add(task);
        }

        _ = task.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Cancels the parts and waits until the last one has ended, or until the token is cancelled.</summary>
    /// <returns>True when all have ended.</returns>
    public async Task<bool> StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(Running()).WaitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>
    /// Lets the parts run until cancelled, which returns, or until one fails, which throws its exception. Either way all have ended then.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await failure.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        await ThrowIfFailedAsync().ConfigureAwait(false);
    }

    /// <summary>Throws the exception of the first part that failed, if any.</summary>
    internal Task ThrowIfFailedAsync() => failure.Task.IsFaulted ? failure.Task : Task.CompletedTask;

    private async Task GuardAsync(Func<CancellationToken, Task> part)
    {
        try
        {
            await part(stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped as asked.
        }
#pragma warning disable CA1031 // Every type: the owner decides what the failure of a part means.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure.TrySetException(exception);
        }
    }

    private void Forget(Task ended)
    {
        lock (gate)
        {
            running.Remove(ended);
        }
    }

    private Task[] Running()
    {
        lock (gate)
        {
            return [.. running];
        }
    }
}
