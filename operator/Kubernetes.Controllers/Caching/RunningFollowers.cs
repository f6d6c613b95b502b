namespace Kubernetes.Controllers.Caching;

/// <summary>The tasks of a set that grows and shrinks: the first that fails is noticed at once, and all can be waited for.</summary>
internal sealed class RunningFollowers
{
    private readonly Lock gate = new();
    private readonly HashSet<Task> tasks = [];
    private readonly TaskCompletionSource failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Adds a task that is already running.</summary>
    public void Add(Task task)
    {
        lock (gate)
        {
            tasks.Add(task);
        }

        _ = task.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Ends with the exception of the first task that fails.</summary>
    public Task WatchOverAsync(CancellationToken cancellationToken) => failed.Task.WaitAsync(cancellationToken);

    /// <summary>Waits for those that still run. Their failures were told already.</summary>
    public async Task WhenAllEndedAsync()
    {
        Task[] rest;
        lock (gate)
        {
            rest = [.. tasks];
        }

        await Task.WhenAll(rest).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Ended(Task task)
    {
        if (task.Exception is { } failure)
        {
            failed.TrySetException(failure.InnerExceptions);
        }

        lock (gate)
        {
            tasks.Remove(task);
        }
    }
}
