using VismaOperator.Hosting;

namespace VismaOperator.Cli;

/// <summary>The options of the log.</summary>
internal sealed class LogSettings(LogFormat fallback)
{
    private static readonly Dictionary<string, LogFormat> formats = new(StringComparer.Ordinal)
    {
        ["json"] = LogFormat.Json,
        ["text"] = LogFormat.Text,
    };

    private static readonly Dictionary<string, LogLevel> levels = new(StringComparer.Ordinal)
    {
        ["trace"] = LogLevel.Trace,
        ["debug"] = LogLevel.Debug,
        ["information"] = LogLevel.Information,
        ["warning"] = LogLevel.Warning,
        ["error"] = LogLevel.Error,
    };

    private readonly Setting format = new(
        "log-format",
        "json|text",
        $"Form of the log on standard error. Default: {(fallback == LogFormat.Json ? "json" : "text")}"
    );

    private readonly Setting level = new(
        "log-level",
        "LEVEL",
        $"Least severe level that is logged: {string.Join(", ", levels.Keys)}. Default: information"
    );

    /// <summary>The options in the order of the help.</summary>
    public IEnumerable<Setting> All => [format, level];

    /// <summary>Reads the options; absent ones take their defaults.</summary>
    public LogOptions Read(SettingReader reader) => new()
    {
        Format = reader.Choice(format, fallback, formats),
        Level = reader.Choice(level, LogLevel.Information, levels),
    };
}
