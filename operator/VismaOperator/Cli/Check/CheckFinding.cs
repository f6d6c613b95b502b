using System.Text.Json.Serialization;

namespace VismaOperator.Cli.Check;

/// <summary>How much a finding matters.</summary>
public enum Severity
{
    /// <summary>Something that the reader may want to know; never changes the exit code.</summary>
    Info,

    /// <summary>It works, but is probably not meant so; does not change the exit code.</summary>
    Warning,

    /// <summary>It will not work; exit code 1.</summary>
    Error,
}

/// <summary>One thing that <c>check</c> found. The names of the members are those of the JSON output.</summary>
public sealed record CheckFinding
{
    /// <summary>The file as it was named.</summary>
    public required string File { get; init; }

    /// <summary>Line, from 1.</summary>
    public required int Line { get; init; }

    /// <summary>Column, from 1.</summary>
    public required int Column { get; init; }

    /// <summary>How much it matters.</summary>
    public required Severity Severity { get; init; }

    /// <summary>Machine-readable reason in CamelCase.</summary>
    public required string Reason { get; init; }

    /// <summary>Kind of the object; null when the file could not be read as objects.</summary>
    public string? Kind { get; init; }

    /// <summary>Namespace of the object; null when it names none.</summary>
    public string? Namespace { get; init; }

    /// <summary>Name of the object.</summary>
    public string? Name { get; init; }

    /// <summary>Path of the field, for example <c>spec.tenantID</c>; null when no field is meant.</summary>
    public string? Path { get; init; }

    /// <summary>What is wrong and what to do.</summary>
    public required string Message { get; init; }
}

/// <summary>Everything that <c>check</c> found. The names of the members are those of the JSON output.</summary>
public sealed record CheckReport
{
    /// <summary>How many objects of the operator's kinds were checked.</summary>
    public required int Objects { get; init; }

    /// <summary>How many findings are errors.</summary>
    public int Errors => Count(Severity.Error);

    /// <summary>How many findings are warnings.</summary>
    public int Warnings => Count(Severity.Warning);

    /// <summary>The findings in order of file, line and column.</summary>
    public required IReadOnlyList<CheckFinding> Findings { get; init; }

    private int Count(Severity severity) => Findings.Count(finding => finding.Severity == severity);
}

/// <summary>The source-generated JSON contract of the report.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(CheckReport))]
internal sealed partial class CheckJsonContext : JsonSerializerContext;
