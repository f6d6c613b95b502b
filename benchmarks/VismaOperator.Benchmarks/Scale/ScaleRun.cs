namespace VismaOperator.Benchmarks.Scale;

/// <summary>All rows that were asked for, one after the other, on API servers of the same program and settings.</summary>
internal sealed class ScaleRun(ScaleOptions options, TimeProvider time, TextWriter output)
{
    /// <summary>What can be measured, in the order in which it is.</summary>
    public static readonly IReadOnlyList<string> Rows =
    [
        RowNames.Start, RowNames.Ready, RowNames.Idle, RowNames.Restart, RowNames.Latency, RowNames.Renewals, RowNames.Secrets,
        RowNames.Failover, RowNames.Day,
    ];

    /// <summary>Up to so many connections are measured in several rounds: the same minute of work takes a fifth more at times.</summary>
    public const int Small = 5000;

    private static readonly TimeSpan patience = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(string Row, string Program, int Connections), List<Measurement>> rounds = [];
    private readonly Results results = Results.Open(options.Results);
    private bool isReversed = true;

    /// <summary>Measures, and prints the tables at the end. What is measured is kept at once, so that a run may be broken off.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var operators = options.Contenders.Where(contender => contender.Name != Contender.Floor).ToList();
        await EachAsync(RowNames.Start, operators, new StartRow(options, time).MeasureAsync, cancellationToken);
        if (options.Rows.Any(row => row is RowNames.Ready or RowNames.Idle or RowNames.Restart))
        {
            // The first program would pay for the compilation of the harness itself.
            await Console.Error.WriteLineAsync("warming up ...");
            await new ReadyRow(options, time).MeasureAsync(options.Contenders[0], connections: 200, RowNames.Ready, cancellationToken);
            foreach (var connections in options.Connections)
            {
                for (var round = 0; round < (connections <= Small ? options.Rounds : 1); round++)
                {
                    var asked = round == 0 ? options : options with { Rows = [.. options.Rows.Where(row => row != RowNames.Idle)] };
                    await EachAsync(
                        options.Contenders,
                        (each, stop) => new ReadyRow(asked, time).MeasureAsync(each, connections, row: null, stop),
                        cancellationToken
                    );
                }
            }
        }

        var ours = operators.Where(contender => contender.Name == Contender.Operator).ToList();
        await EachAsync(RowNames.Latency, operators, new LatencyRow(options, time).MeasureAsync, cancellationToken);
        await EachAsync(RowNames.Renewals, operators, new RenewalRow(options, time).MeasureAsync, cancellationToken);
        await EachAsync(RowNames.Secrets, ours, new SecretsRow(options, time).MeasureAsync, cancellationToken);
        await EachAsync(RowNames.Failover, ours, new FailoverRow(options, time).MeasureAsync, cancellationToken);
        await EachAsync(RowNames.Day, ours, (_, stop) => new DayRow().MeasureAsync(stop), cancellationToken);
        await output.WriteLineAsync(ResultTables.Page(results));
        if (options.Page is { } page)
        {
            ResultTables.WriteInto(page, results);
        }
    }

    private bool Wants(string row) => options.Rows.Contains(row);

    private Task EachAsync(
        string row,
        List<Contender> contenders,
        Func<Contender, CancellationToken, Task<IReadOnlyList<Measurement>>> measure,
        CancellationToken cancellationToken
    ) => Wants(row) ? EachAsync(contenders, measure, cancellationToken) : Task.CompletedTask;

    // In turn from both ends, so that none is always the one that finds the machine warm.
    private async Task EachAsync(
        IReadOnlyList<Contender> contenders,
        Func<Contender, CancellationToken, Task<IReadOnlyList<Measurement>>> measure,
        CancellationToken cancellationToken
    )
    {
        isReversed = !isReversed;
        foreach (var contender in isReversed ? contenders.Reverse() : contenders)
        {
            var (cores, begun) = (await Machine.UntilIdleAsync(patience, time, cancellationToken), time.GetTimestamp());
            foreach (var measurement in await measure(contender, cancellationToken))
            {
                Keep(measurement with { CoresBefore = cores, Taken = time.GetUtcNow(), Revision = options.Revision });
                var values = string.Join(", ", measurement.Values.Select(value => $"{value.Key} {value.Value:0.###}"));
                await Console.Error.WriteLineAsync(
                    $"{measurement.Row} {measurement.Connections} {measurement.Program} "
                        + $"({time.GetElapsedTime(begun).TotalSeconds:0} s): {values}"
                );
            }
        }
    }

    private void Keep(Measurement taken)
    {
        var key = (taken.Row, taken.Program, taken.Connections);
        if (!rounds.TryGetValue(key, out var known))
        {
            rounds[key] = known = [];
        }

        known.Add(taken);
        results.Add(Measurement.Of(known));
    }
}
