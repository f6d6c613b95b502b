namespace VismaOperator.Benchmarks.Scale;

/// <summary>What one program showed in one row.</summary>
/// <param name="Row">One of <see cref="RowNames"/>.</param>
/// <param name="Program">Name of the <see cref="Contender"/>.</param>
/// <param name="Connections">How many connections; 0 where the row does not depend on them.</param>
internal sealed record Measurement(string Row, string Program, int Connections)
{
    /// <summary>When it was taken.</summary>
    public DateTimeOffset Taken { get; init; }

    /// <summary>Load average over one minute before it; above the number of cores, somebody else was at work.</summary>
    public double LoadBefore { get; init; }

    /// <summary>The commit that the operator was built from.</summary>
    public string Revision { get; init; } = "";

    /// <summary>The figures, by names that end in their unit.</summary>
    public SortedDictionary<string, double> Values { get; init; } = new(StringComparer.Ordinal);
}

/// <summary>The rows.</summary>
internal static class RowNames
{
    /// <summary>Start without any connection.</summary>
    public const string Start = "start";

    /// <summary>Start with connections that have no token, until all are Ready.</summary>
    public const string Ready = "ready";

    /// <summary>The same process after some minutes of rest.</summary>
    public const string Idle = "idle";

    /// <summary>Restart while all tokens are fresh.</summary>
    public const string Restart = "restart";

    /// <summary>From the creation of one connection to its Secret, while nothing else happens.</summary>
    public const string Latency = "latency";

    /// <summary>Tokens that were issued together are renewed.</summary>
    public const string Renewals = "renewals";

    /// <summary>Many Secrets that have nothing to do with the operator.</summary>
    public const string Secrets = "secrets";

    /// <summary>Another replica takes over.</summary>
    public const string Failover = "failover";

    /// <summary>A day on a clock that is moved.</summary>
    public const string Day = "day";
}
