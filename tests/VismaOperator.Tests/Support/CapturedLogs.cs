using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace VismaOperator.Tests.Support;

/// <summary>Keeps every log line, for failures and for the search for leaked secrets.</summary>
internal sealed class CapturedLogs : ILoggerProvider
{
    private readonly ConcurrentQueue<string> lines = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> awaited = new();

    public IReadOnlyList<string> Lines => [.. lines];

    public ILogger CreateLogger(string categoryName) => new Capture(categoryName, Add);

    /// <summary>Ends once a line holds these words.</summary>
    public Task SaidAsync(string words)
    {
        var said = awaited.GetOrAdd(words, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (lines.Any(line => line.Contains(words, StringComparison.Ordinal)))
        {
            said.TrySetResult();
        }

        return said.Task;
    }

    public void Dispose()
    {
    }

    public override string ToString() => string.Join('\n', lines);

    private void Add(string line)
    {
        lines.Enqueue(line);
        foreach (var (_, said) in awaited.Where(wait => line.Contains(wait.Key, StringComparison.Ordinal)))
        {
            said.TrySetResult();
        }
    }

    private sealed class Capture(string category, Action<string> add) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => add($"{logLevel} {category}: {formatter(state, exception)} {exception}");
    }
}
