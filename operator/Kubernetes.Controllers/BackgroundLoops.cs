namespace Kubernetes.Controllers;

/// <summary>Runs loops that live as long as their owner.</summary>
internal static class BackgroundLoops
{
    /// <summary>
    /// Runs all loops until <paramref name="stop"/> fires. The first loop that fails stops the others and its exception is thrown: a
    /// loop that is silently missing would be worse than a process that starts anew. Being stopped is no failure.
    /// </summary>
    public static async Task RunAsync(IEnumerable<Func<CancellationToken, Task>> loops, CancellationTokenSource stop) =>
        await Task.WhenAll(loops.Select(loop => RunAsync(loop, stop)).ToArray()).ConfigureAwait(false);

    private static async Task RunAsync(Func<CancellationToken, Task> loop, CancellationTokenSource stop)
    {
        try
        {
            await Task.Run(() => loop(stop.Token), CancellationToken.None).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped as asked.
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }
}
