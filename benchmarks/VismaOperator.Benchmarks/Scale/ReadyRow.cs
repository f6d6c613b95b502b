namespace VismaOperator.Benchmarks.Scale;

/// <summary>
/// The life with many connections: the first start, which gets every token; rest; the restart, which finds them fresh.
/// </summary>
internal sealed class ReadyRow(ScaleOptions options, TimeProvider time)
{
    private const double Kibibyte = 1024;

    /// <summary>Measures one program with so many connections.</summary>
    /// <param name="contender">The program.</param>
    /// <param name="connections">How many.</param>
    /// <param name="row">The only row to take; null for those of the options.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<Measurement>> MeasureAsync(
        Contender contender, int connections, string? row, CancellationToken cancellationToken)
    {
        await using var stage = await Stage.BuildAsync(contender.Crds, tokenLifetime: null, time, cancellationToken);
        await stage.PopulateAsync(connections, time, cancellationToken);
        List<Measurement> taken = [.. await FirstStartAsync(contender, connections, stage, row, cancellationToken)];
        if (contender.Name != Contender.Floor && Wants(RowNames.Restart, row))
        {
            taken.Add(await RestartAsync(contender, connections, stage, cancellationToken));
        }

        return [.. taken.Where(measurement => Wants(measurement.Row, row))];
    }

    private bool Wants(string name, string? row) => row is null ? options.Rows.Contains(name) : name == row;

    private async Task<IReadOnlyList<Measurement>> FirstStartAsync(
        Contender contender, int connections, Stage stage, string? row, CancellationToken cancellationToken)
    {
        var ready = await ReadyWatch.OpenAsync(stage.Admin, connections, cancellationToken);
        var (requests, cluster) = (await stage.RequestsAsync(cancellationToken), stage.ClusterCpu());
        await using var subject = Subject.Start(contender, options, stage, time);
        await ready.AllReadyAsync(cancellationToken);
        var done = subject.Elapsed;
        await subject.UntilQuietAsync(cancellationToken);
        var usage = subject.Usage;
        var first = new Measurement(RowNames.Ready, contender.Name, connections);
        usage.WriteMemory(first.Values);
        first.Values[Measurement.ReadySeconds] = done.TotalSeconds;
        first.Values["cpu_s"] = usage.Cpu.TotalSeconds;
        first.Values["cpu_ms_per_connection"] = usage.Cpu.TotalMilliseconds / connections;
        first.Values["cluster_ms_per_connection"] = (stage.ClusterCpu() - cluster).TotalMilliseconds / connections;
        first.Values["token_requests"] = stage.TokenRequests.Count;
        first.Values["requests_per_connection"] = await WriteRequestsAsync(first, stage, requests, cancellationToken) / connections;
        first.Values["stored_kib_per_connection"] = await stage.SizeAsync(number: 0, cancellationToken);
        var idle = contender.Name == Contender.Operator && Wants(RowNames.Idle, row)
            ? await IdleAsync(subject, connections, cancellationToken)
            : null;
        if (contender.Name != Contender.Floor)
        {
            var allocated = (await subject.ScrapeAsync(cancellationToken)).Sum("dotnet_gc_heap_total_allocated_bytes_total");
            first.Values["allocated_kib_per_connection"] = allocated / connections / Kibibyte;
        }

        await subject.StopAsync(cancellationToken);
        return idle is null ? [first] : [first, idle];
    }

    private async Task<Measurement> IdleAsync(Subject subject, int connections, CancellationToken cancellationToken)
    {
        var before = subject.Usage.Cpu;
        await Task.Delay(options.Idle, time, cancellationToken);
        var idle = new Measurement(RowNames.Idle, Contender.Operator, connections);
        subject.Usage.WriteMemory(idle.Values);
        idle.Values["minutes"] = options.Idle.TotalMinutes;
        idle.Values["cpu_ms_per_minute"] = (subject.Usage.Cpu - before).TotalMilliseconds / options.Idle.TotalMinutes;
        return idle;
    }

    // All tokens are fresh: it must only look, and must neither ask nor write.
    private async Task<Measurement> RestartAsync(Contender contender, int connections, Stage stage, CancellationToken cancellationToken)
    {
        var (requests, tokens) = (await stage.RequestsAsync(cancellationToken), stage.TokenRequests.Count);
        await using var subject = Subject.Start(contender, options, stage, time);
        var healthy = await subject.UntilHealthyAsync(Subject.Seldom, cancellationToken);
        var done = await subject.UntilQuietAsync(cancellationToken);
        var usage = subject.Usage;
        var restart = new Measurement(RowNames.Restart, contender.Name, connections);
        usage.WriteMemory(restart.Values);
        restart.Values["healthy_s"] = healthy.TotalSeconds;
        restart.Values["done_s"] = done.TotalSeconds;
        restart.Values["cpu_s"] = usage.Cpu.TotalSeconds;
        restart.Values["token_requests"] = stage.TokenRequests.Count - tokens;
        await WriteRequestsAsync(restart, stage, requests, cancellationToken);
        restart.Values["writes"] = restart.Values.Where(value => IsWrite(value.Key)).Sum(value => value.Value);
        var looked = (await subject.ScrapeAsync(cancellationToken)).Sum(
            "controller_runtime_reconcile_total", ("controller", "vismaconnection"));
        return looked >= connections
            ? restart
            : throw new InvalidOperationException($"{contender.Name} came to rest when it had looked at {looked} of {connections}.");
    }

    private static bool IsWrite(string value) =>
        value.StartsWith(ResultTables.Requests, StringComparison.Ordinal)
        && !value.StartsWith(ResultTables.Requests + "GET", StringComparison.Ordinal)
        && !value.StartsWith(ResultTables.Requests + "LIST", StringComparison.Ordinal);

    // What the server counted since then; the result is the sum.
    private static async Task<double> WriteRequestsAsync(
        Measurement measurement, Stage stage, IReadOnlyDictionary<string, double> before, CancellationToken cancellationToken)
    {
        var sum = 0.0;
        foreach (var (request, count) in await stage.RequestsAsync(cancellationToken))
        {
            if (count - before.GetValueOrDefault(request) is > 0 and var made)
            {
                measurement.Values[ResultTables.Requests + request] = made;
                sum += made;
            }
        }

        return sum;
    }
}
