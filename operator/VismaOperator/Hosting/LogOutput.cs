using Microsoft.Extensions.Logging.Console;

namespace VismaOperator.Hosting;

/// <summary>Writes log records to standard error, one line each: standard output belongs to what a verb prints.</summary>
internal static class LogOutput
{
    private const string UtcWithMilliseconds = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";

    /// <summary>Replaces all providers by the console.</summary>
    public static ILoggingBuilder WriteToConsole(this ILoggingBuilder logging, LogOptions options)
    {
        WithLevels(logging, options);
        return options.Format == LogFormat.Json ? WriteJson(logging, Console.OpenStandardError()) : AddText(logging);
    }

    /// <summary>Has a provider write JSON to a stream.</summary>
    public static ILoggingBuilder WriteJson(this ILoggingBuilder logging, Stream output)
    {
        // Made by the container, which disposes it at the end, so that the last records are written.
        logging.Services.AddSingleton<ILoggerProvider>(_ => new JsonLog(output, TimeProvider.System));
        return logging;
    }

    private static void WithLevels(ILoggingBuilder logging, LogOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(options.Level);
        logging.AddFilter("Microsoft.AspNetCore", Quieter(options.Level));
        logging.AddFilter("Microsoft.Extensions", Quieter(options.Level));
        logging.AddFilter("Microsoft.Hosting", Quieter(options.Level));
        // its exception is also thrown, and we print it without a stack
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
    }

    // The framework's own Information is one record per request: a scrape every few seconds would drown what the operator did.
    private static LogLevel Quieter(LogLevel level) => level < LogLevel.Information || level > LogLevel.Warning ? level : LogLevel.Warning;

    private static ILoggingBuilder AddText(ILoggingBuilder logging)
    {
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return logging.AddSimpleConsole(text =>
        {
            text.UseUtcTimestamp = true;
            text.TimestampFormat = UtcWithMilliseconds;
            text.SingleLine = true;
            text.IncludeScopes = true;
            text.ColorBehavior = LoggerColorBehavior.Disabled;
        });
    }
}

/// <summary>How log records are written.</summary>
internal enum LogFormat
{
    /// <summary>One JSON object per line, for collectors.</summary>
    Json,

    /// <summary>One line of text per record, for people.</summary>
    Text,
}

/// <summary>Where log records below which weight end, and in which form the others are written (standard error).</summary>
internal sealed record LogOptions
{
    /// <summary>Form of a record. Default for <c>run</c>: JSON; for <c>local</c>: text.</summary>
    public LogFormat Format { get; init; } = LogFormat.Json;

    /// <summary>The least weight that is written. Default: Information.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;
}
