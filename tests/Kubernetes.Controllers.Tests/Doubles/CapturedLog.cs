using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>A log in memory, with the scope of each line.</summary>
internal sealed class CapturedLog : ILogger
{
    private readonly AsyncLocal<object?> scope = new();

    public ConcurrentQueue<(LogLevel Level, string Text, object? Scope)> Lines { get; } = new();

    public string Text => string.Join('\n', Lines.Select(line => line.Text));

    public IDisposable BeginScope<TState>(TState state)
        where TState : notnull
    {
        scope.Value = state;
        return new EndOfScope(this);
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => Lines.Enqueue((logLevel, formatter(state, exception) + exception, scope.Value));

    private sealed class EndOfScope(CapturedLog log) : IDisposable
    {
        public void Dispose() => log.scope.Value = null;
    }
}
