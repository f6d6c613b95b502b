namespace VismaOperator.Hosting;

/// <summary>Something that runs until it is cancelled. Ending before, by itself or by an exception, is a bug that ends the process.</summary>
/// <param name="Name">What the log calls it.</param>
/// <param name="RunAsync">Runs it; on cancellation it finishes what it must and returns.</param>
internal sealed record BackgroundLoop(string Name, Func<CancellationToken, Task> RunAsync);

/// <summary>A background loop ended although nobody asked it to.</summary>
internal sealed class BackgroundLoopException(string name, Exception? cause)
    : ExplainedException(cause is null ? $"The background loop '{name}' ended by itself." : $"The background loop '{name}' failed: {FailureWords.InOneLine(cause)}", cause);
