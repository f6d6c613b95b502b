using VismaOperator.Reporting;

namespace VismaOperator.Hosting;

/// <summary>
/// Something that runs until it is cancelled. If it ends before, by itself or by an exception, that is a bug, and the process ends.
/// </summary>
/// <param name="Name">What the log calls it.</param>
/// <param name="RunAsync">Runs it; on cancellation it finishes what it must and returns.</param>
internal sealed record BackgroundLoop(string Name, Func<CancellationToken, Task> RunAsync)
{
    /// <summary>The same loop, begun only after something else.</summary>
    /// <param name="firstAsync">Completes when the loop may begin.</param>
    public BackgroundLoop After(Func<CancellationToken, Task> firstAsync) => this with
    {
        RunAsync = async stop =>
        {
            await firstAsync(stop);
            await RunAsync(stop);
        },
    };

    /// <summary>Runs it, and throws where it ends before it was stopped.</summary>
    /// <exception cref="BackgroundLoopException">It ended, by itself or by an exception.</exception>
    public async Task RunUntilStoppedAsync(CancellationToken stop)
    {
        try
        {
            await RunAsync(stop);
        }
        catch (Exception failure) when (!stop.IsCancellationRequested || failure is not OperationCanceledException)
        {
            throw new BackgroundLoopException(Name, failure);
        }

        if (!stop.IsCancellationRequested)
        {
            throw new BackgroundLoopException(Name, cause: null);
        }
    }
}

/// <summary>A background loop ended although nobody asked it to.</summary>
internal sealed class BackgroundLoopException(string name, Exception? cause)
    : ExplainedException(
        cause is null
            ? $"The background loop '{name}' ended by itself."
            : $"The background loop '{name}' failed: {FailureWords.InOneLine(cause)}",
        cause
    );
