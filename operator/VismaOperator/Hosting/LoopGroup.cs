namespace VismaOperator.Hosting;

/// <summary>
/// Background loops that are started and stopped together. The first one that ends unasked completes
/// <see cref="Failed"/> with an exception, so that no part of the operator can be dead while the process looks alive.
/// </summary>
internal sealed class LoopGroup : IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> running = [];

    /// <summary>Never completes but by the exception of the first loop that ended unasked.</summary>
    public Task Failed => failure.Task;

    /// <summary>Starts the loops.</summary>
    public void Start(IEnumerable<BackgroundLoop> loops) => running.AddRange(loops.Select(loop => Task.Run(() => GuardAsync(loop), CancellationToken.None)));

    /// <summary>Cancels the loops and waits until the last one has finished, or until the token is cancelled.</summary>
    /// <returns>True when all have finished.</returns>
    public async Task<bool> StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        try
        {
            await Task.WhenAll(running).WaitAsync(cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stopping.Dispose();

    private async Task GuardAsync(BackgroundLoop loop)
    {
        var token = stopping.Token;
        try
        {
            await loop.RunAsync(token);
            if (!token.IsCancellationRequested)
            {
                failure.TrySetException(new BackgroundLoopException(loop.Name, cause: null));
            }
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // Stopped as asked.
        }
#pragma warning disable CA1031 // Every exception of a loop ends the process, whatever its type.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure.TrySetException(new BackgroundLoopException(loop.Name, exception));
        }
    }
}
