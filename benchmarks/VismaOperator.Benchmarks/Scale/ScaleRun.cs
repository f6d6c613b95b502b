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

    private readonly Results results = Results.Open(options.Results);

    /// <summary>Measures, and prints the tables at the end. What is measured is kept at once, so that a run may be broken off.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var operators = options.Contenders.Where(contender => contender.Name != Contender.Floor).ToList();
        await EachAsync(RowNames.Start, operators, each => new StartRow(options, time).MeasureAsync(each, cancellationToken));
        if (options.Rows.Any(row => row is RowNames.Ready or RowNames.Idle or RowNames.Restart))
        {
            // The first program would pay for the compilation of the harness itself.
            await Console.Error.WriteLineAsync("warming up ...");
            await new ReadyRow(options, time).MeasureAsync(options.Contenders[0], connections: 200, RowNames.Ready, cancellationToken);
            foreach (var connections in options.Connections)
            {
                await EachAsync(
                    options.Contenders,
                    each => new ReadyRow(options, time).MeasureAsync(each, connections, row: null, cancellationToken)
                );
            }
        }

        var ours = operators.Where(contender => contender.Name == Contender.Operator).ToList();
        await EachAsync(RowNames.Latency, operators, each => new LatencyRow(options, time).MeasureAsync(each, cancellationToken));
        await EachAsync(RowNames.Renewals, operators, each => new RenewalRow(options, time).MeasureAsync(each, cancellationToken));
        await EachAsync(RowNames.Secrets, ours, each => new SecretsRow(options, time).MeasureAsync(each, cancellationToken));
        await EachAsync(RowNames.Failover, ours, each => new FailoverRow(options, time).MeasureAsync(each, cancellationToken));
        await EachAsync(RowNames.Day, ours, _ => new DayRow().MeasureAsync(cancellationToken));
        await output.WriteLineAsync(ResultTables.Page(results));
        if (options.Page is { } page)
        {
            ResultTables.WriteInto(page, results);
        }
    }

    private bool Wants(string row) => options.Rows.Contains(row);

    private Task EachAsync(string row, List<Contender> contenders, Func<Contender, Task<IReadOnlyList<Measurement>>> measure) =>
        Wants(row) ? EachAsync(contenders, measure) : Task.CompletedTask;

    private async Task EachAsync(IReadOnlyList<Contender> contenders, Func<Contender, Task<IReadOnlyList<Measurement>>> measure)
    {
        foreach (var contender in contenders)
        {
            var (load, begun) = (Machine.LoadAverage(), time.GetTimestamp());
            foreach (var measurement in await measure(contender))
            {
                results.Add(measurement with { LoadBefore = load, Taken = time.GetUtcNow(), Revision = options.Revision });
                var values = string.Join(", ", measurement.Values.Select(value => $"{value.Key} {value.Value:0.###}"));
                await Console.Error.WriteLineAsync(
                    $"{measurement.Row} {measurement.Connections} {measurement.Program} "
                        + $"({time.GetElapsedTime(begun).TotalSeconds:0} s): {values}"
                );
            }
        }
    }
}
