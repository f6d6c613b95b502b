using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace VismaOperator.Hosting;

/// <summary>
/// Writes one JSON object per record. It has the members of the framework's own formatter and the name of the event, which that formatter
/// leaves out. Alerts and queries should use that name, since the wording of a message may change.
/// </summary>
/// <remarks>
/// Records are made in one buffer, and a thread of its own writes each in one piece. A reader of standard error that hangs delays nobody
/// until thousands of records wait. The framework's console logger copies each line five times, in pieces of 256 characters: for the two
/// records of a new token that was a tenth of everything that was allocated.
/// </remarks>
internal sealed class JsonLog : ILoggerProvider, ISupportExternalScope
{
    /// <summary>Records that wait to be written; who logs one more waits, too. As many as the framework's console logger keeps.</summary>
    public const int MostWaiting = 2_500;

    private const string UtcWithMilliseconds = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const string Template = "{OriginalFormat}";
    private const int UsualBytes = 4 * 1024;

    // A log is no web page: names and quotes stay readable.
    private static readonly JsonWriterOptions options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // What is written when the process ends, as long as somebody reads it.
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(1.5);

    private readonly Stream output;
    private readonly TimeProvider time;
    private readonly Thread writer;
    private readonly Queue<byte[]> waiting = new(); // also the lock of it
    private readonly Lock gate = new();
    private ArrayBufferWriter<byte> buffer = new(UsualBytes);
    private Utf8JsonWriter? json;
    private IExternalScopeProvider? scopes;
    private bool isClosed;

    /// <summary>Writes from now on.</summary>
    /// <param name="output">Standard error.</param>
    /// <param name="time">The clock of the records.</param>
    public JsonLog(Stream output, TimeProvider time)
    {
        (this.output, this.time) = (output, time);
        writer = new Thread(WriteWaiting) { IsBackground = true, Name = "log" };
        writer.Start();
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    /// <inheritdoc/>
    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (waiting)
        {
            isClosed = true;
            Monitor.PulseAll(waiting);
        }

        writer.Join(patience);
    }

    private void Write<TState>(string category, (LogLevel Level, EventId Id) kind, TState state, Exception? exception, string message) =>
        Enqueue(RecordOf(category, kind, state, exception, message));

    private byte[] RecordOf<TState>(
        string category,
        (LogLevel Level, EventId Id) kind,
        TState state,
        Exception? exception,
        string message
    )
    {
        lock (gate)
        {
            json ??= new Utf8JsonWriter(buffer, options);
            try
            {
                json.WriteStartObject();
                WriteHead(json, kind.Level, category, kind.Id);
                json.WriteString("Message", message);
                if (exception is not null)
                {
                    json.WriteString("Exception", exception.ToString());
                }

                WriteState(json, state);
                WriteScopes(json);
                json.WriteEndObject();
                json.Flush();
                buffer.Write("\n"u8);
                return buffer.WrittenSpan.ToArray();
            }
            finally
            {
                Clear();
            }
        }
    }

    private void Enqueue(byte[] record)
    {
        lock (waiting)
        {
            while (waiting.Count >= MostWaiting && !isClosed)
            {
                Monitor.Wait(waiting);
            }

            waiting.Enqueue(record);
            Monitor.PulseAll(waiting);
        }
    }

    private void WriteWaiting()
    {
        while (Next() is { } record)
        {
            try
            {
                output.Write(record);
            }
            catch (IOException)
            {
                // A log that cannot be written cannot report that. The operator continues.
            }
        }
    }

    private byte[]? Next()
    {
        lock (waiting)
        {
            while (waiting.Count == 0 && !isClosed)
            {
                Monitor.Wait(waiting);
            }

            Monitor.PulseAll(waiting); // there is room
            return waiting.TryDequeue(out var record) ? record : null;
        }
    }

    // A long record, as with the stack of an exception, is rare, and its buffer is not kept.
    private void Clear()
    {
        (buffer, json) = buffer.Capacity > UsualBytes ? (new(UsualBytes), null) : (buffer, json);
        buffer.ResetWrittenCount();
        json?.Reset();
    }

    private void WriteHead(Utf8JsonWriter json, LogLevel level, string category, EventId id)
    {
        Span<byte> timestamp = stackalloc byte[32];
        time.GetUtcNow().UtcDateTime.TryFormat(timestamp, out var length, UtcWithMilliseconds, CultureInfo.InvariantCulture);
        json.WriteString("Timestamp", timestamp[..length]);
        json.WriteString("LogLevel", level.ToString());
        json.WriteString("Category", category);
        json.WriteNumber("EventId", id.Id);
        if (id.Name is { Length: > 0 } name)
        {
            json.WriteString("EventName", name);
        }
    }

    private static void WriteState(Utf8JsonWriter json, object? state)
    {
        if (state is IEnumerable<KeyValuePair<string, object?>> members)
        {
            json.WriteStartObject("State");
            WriteMembers(json, members);
            json.WriteEndObject();
        }
    }

    private void WriteScopes(Utf8JsonWriter json)
    {
        json.WriteStartArray("Scopes");
        scopes?.ForEachScope(
            static (scope, json) =>
            {
                json.WriteStartObject();
                json.WriteString("Message", scope?.ToString());
                WriteMembers(json, scope as IEnumerable<KeyValuePair<string, object?>> ?? []);
                json.WriteEndObject();
            },
            json
        );
        json.WriteEndArray();
    }

    // Both the states that LoggerMessage generates and our scopes are lists.
    private static void WriteMembers(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, object?>> members)
    {
        var list = members as IReadOnlyList<KeyValuePair<string, object?>> ?? [.. members];
        for (var index = 0; index < list.Count; index++)
        {
            if (list[index] is { Key: not Template } member)
            {
                WriteMember(json, member.Key, member.Value);
            }
        }
    }

    private static void WriteMember(Utf8JsonWriter json, string key, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNull(key);
                break;
            case bool truth:
                json.WriteBoolean(key, truth);
                break;
            case int number:
                json.WriteNumber(key, number);
                break;
            case long number:
                json.WriteNumber(key, number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumber(key, number);
                break;
            default:
                json.WriteString(key, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    private sealed class Category(JsonLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log.scopes?.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel))
            {
                log.Write(name, (logLevel, eventId), state, exception, formatter(state, exception));
            }
        }
    }
}
