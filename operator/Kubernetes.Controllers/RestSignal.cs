namespace Kubernetes.Controllers;

/// <summary>Signals the waiters that nothing is under way any more. Its owner calls it under the lock that guards the work.</summary>
internal sealed class RestSignal
{
    private TaskCompletionSource? waiter;

    /// <summary>Completes at once where nothing is under way, else at the next <see cref="Reached"/>.</summary>
    public Task When(bool isAtRest) =>
        isAtRest
            ? Task.CompletedTask
            : (waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Nothing is under way any more.</summary>
    public void Reached()
    {
        waiter?.SetResult();
        waiter = null;
    }
}
