namespace VismaOperator.Hosting;

/// <summary>How log records are written.</summary>
internal enum LogFormat
{
    /// <summary>One JSON object a line, for collectors.</summary>
    Json,

    /// <summary>One line of text a record, for people.</summary>
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
