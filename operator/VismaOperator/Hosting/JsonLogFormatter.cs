using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace VismaOperator.Hosting;

/// <summary>
/// One JSON object a record, with the members of the framework's own formatter and, which that one leaves out, the name of the
/// event: it is what alerts and queries should go by, since the wording of a message may change.
/// </summary>
internal sealed class JsonLogFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    /// <summary>How the console logger finds it.</summary>
    public const string FormatterName = "visma-json";

    private const string UtcWithMilliseconds = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const string Template = "{OriginalFormat}";

    // A log is no web page: names and quotes stay readable.
    private static readonly JsonWriterOptions options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            json.WriteStartObject();
            WriteHead(json, logEntry.LogLevel, logEntry.Category, logEntry.EventId);
            json.WriteString("Message", logEntry.Formatter(logEntry.State, logEntry.Exception));
            if (logEntry.Exception is { } exception)
            {
                json.WriteString("Exception", exception.ToString());
            }

            WriteMembers(json, "State", logEntry.State);
            WriteScopes(json, scopeProvider);
            json.WriteEndObject();
        }

        textWriter.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private void WriteHead(Utf8JsonWriter json, LogLevel level, string category, EventId id)
    {
        json.WriteString("Timestamp", time.GetUtcNow().UtcDateTime.ToString(UtcWithMilliseconds, CultureInfo.InvariantCulture));
        json.WriteString("LogLevel", level.ToString());
        json.WriteString("Category", category);
        json.WriteNumber("EventId", id.Id);
        if (id.Name is { Length: > 0 } name)
        {
            json.WriteString("EventName", name);
        }
    }

    private static void WriteMembers(Utf8JsonWriter json, string name, object? state)
    {
        if (state is IEnumerable<KeyValuePair<string, object?>> members)
        {
            json.WriteStartObject(name);
            foreach (var (key, value) in members.Where(member => member.Key != Template))
            {
                WriteMember(json, key, value);
            }

            json.WriteEndObject();
        }
    }

    private static void WriteScopes(Utf8JsonWriter json, IExternalScopeProvider? scopes)
    {
        json.WriteStartArray("Scopes");
        scopes?.ForEachScope(
            static (scope, json) =>
            {
                json.WriteStartObject();
                json.WriteString("Message", scope?.ToString());
                foreach (var (key, value) in scope as IEnumerable<KeyValuePair<string, object?>> ?? [])
                {
                    WriteMember(json, key, value);
                }

                json.WriteEndObject();
            },
            json);
        json.WriteEndArray();
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
}
