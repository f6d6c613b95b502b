namespace VismaOperator.Benchmarks.Scale;

/// <summary>What one program showed in one row.</summary>
/// <param name="Row">One of <see cref="RowNames"/>.</param>
/// <param name="Program">Name of the <see cref="Contender"/>.</param>
/// <param name="Connections">How many connections; 0 where the row does not depend on them.</param>
internal sealed record Measurement(string Row, string Program, int Connections)
{
    /// <summary>The value that the ratios of the row <see cref="RowNames.Ready"/> are made of.</summary>
    public const string ReadySeconds = "ready_s";

    /// <summary>When it was taken.</summary>
    public DateTimeOffset Taken { get; init; }

    /// <summary>How many cores were in use just before it, by somebody else; null in results of before this was noted.</summary>
    public double? CoresBefore { get; init; }

    /// <summary>How often it was taken; the figures are medians.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>The commit that the operator was built from.</summary>
    public string Revision { get; init; } = "";

    /// <summary>The figures, by names that end in their unit.</summary>
    public SortedDictionary<string, double> Values { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The medians of several rounds of one row; of the time until all are Ready the lowest and the highest, too.</summary>
    public static Measurement Of(IReadOnlyList<Measurement> rounds)
    {
        if (rounds is [var only])
        {
            return only;
        }

        var values = rounds.SelectMany(round => round.Values).ToLookup(value => value.Key, value => value.Value);
        var median = rounds[^1] with
        {
            Rounds = rounds.Count,
            CoresBefore = rounds.Max(round => round.CoresBefore),
            Values = new(values.ToDictionary(value => value.Key, Median), StringComparer.Ordinal),
        };
        if (values.Contains(ReadySeconds))
        {
            median.Values[$"{ReadySeconds}_low"] = values[ReadySeconds].Min();
            median.Values[$"{ReadySeconds}_high"] = values[ReadySeconds].Max();
        }

        return median;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);
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
