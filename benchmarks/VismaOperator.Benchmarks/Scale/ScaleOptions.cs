namespace VismaOperator.Benchmarks.Scale;

/// <summary>What is measured.</summary>
internal sealed record ScaleOptions
{
    /// <summary>Which rows; see <see cref="ScaleRun.Rows"/>.</summary>
    public required IReadOnlyList<string> Rows { get; init; }

    /// <summary>Numbers of connections, for the rows that depend on one.</summary>
    public required IReadOnlyList<int> Connections { get; init; }

    /// <summary>What is compared, in this order.</summary>
    public required IReadOnlyList<Contender> Contenders { get; init; }

    /// <summary>How often the rows of up to <see cref="ScaleRun.Small"/> connections are taken; the figures are medians.</summary>
    public required int Rounds { get; init; }

    /// <summary>Workers of each program.</summary>
    public required int Workers { get; init; }

    /// <summary>How long the operator rests before its memory is taken once more.</summary>
    public required TimeSpan Idle { get; init; }

    /// <summary>Connections of the wave of renewals.</summary>
    public required int Wave { get; init; }

    /// <summary>Secrets that have nothing to do with the operator.</summary>
    public required int Secrets { get; init; }

    /// <summary>Further arguments of the operator.</summary>
    public required IReadOnlyList<string> MoreArguments { get; init; }

    /// <summary>What the operator was built from, for the record.</summary>
    public required string Revision { get; init; }

    /// <summary>The folder of the results; null to keep none.</summary>
    public required string? Results { get; init; }

    /// <summary>A page that shows the results between two marks; null for none.</summary>
    public required string? Page { get; init; }
}
