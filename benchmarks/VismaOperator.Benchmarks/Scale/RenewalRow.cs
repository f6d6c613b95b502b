namespace VismaOperator.Benchmarks.Scale;

/// <summary>
/// All tokens are issued within seconds, as after an installation, and live so shortly that their renewals can be waited for. Late is a
/// renewal by when it reached the token endpoint, compared with status.token.refreshTime.
/// </summary>
internal sealed class RenewalRow(ScaleOptions options, TimeProvider time)
{
    // Renewed after a third of it at the earliest, by when the slowest program has issued all.
    private static readonly TimeSpan leastLifetime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan lifetimePerConnection = TimeSpan.FromMilliseconds(24);
    private static readonly TimeSpan lookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Measures the first renewal of each connection.</summary>
    public async Task<IReadOnlyList<Measurement>> MeasureAsync(Contender contender, CancellationToken cancellationToken)
    {
        var (count, lifetime) = (options.Wave, leastLifetime + (options.Wave * lifetimePerConnection));
        await using var stage = await Stage.BuildAsync(contender.Crds, lifetime, time, cancellationToken);
        await stage.PopulateAsync(count, time, cancellationToken);
        var ready = await ReadyWatch.OpenAsync(stage.Admin, count, cancellationToken);
        await using var subject = Subject.Start(contender, options, stage, time);
        await ready.AllReadyAsync(cancellationToken);
        await subject.UntilQuietAsync(cancellationToken);
        var (due, cpu) = (await stage.RefreshTimesAsync(cancellationToken), subject.Usage.Cpu);
        var requests = (await stage.RequestsAsync(cancellationToken)).Values.Sum();
        var renewals = await FirstRenewalsAsync(stage, count, due.Values.Max() + lifetime, cancellationToken);
        var (usage, all) = (subject.Usage, stage.TokenRequests.Count - count);
        var measurement = new Measurement(RowNames.Renewals, contender.Name, count);
        Write(measurement, [.. renewals.Select(renewal => (renewal.Value - due[renewal.Key]).TotalSeconds)], [.. renewals.Values.Order()]);
        measurement.Values["cpu_ms_per_renewal"] = (usage.Cpu - cpu).TotalMilliseconds / all;
        measurement.Values["requests_per_renewal"] = ((await stage.RequestsAsync(cancellationToken)).Values.Sum() - requests) / all;
        return [measurement];
    }

    // Some connections are renewed for the second time before others are for the first: every request is told by its connection.
    private async Task<IReadOnlyDictionary<int, DateTimeOffset>> FirstRenewalsAsync(
        Stage stage, int count, DateTimeOffset until, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(lookEvery, time, cancellationToken);
            var second = stage
                .TokenRequests.GroupBy(request => request.Connection)
                .Where(requests => requests.Count() > 1)
                .ToDictionary(requests => requests.Key, requests => requests.ElementAt(1).Time);
            if (second.Count == count)
            {
                return second;
            }

            if (time.GetUtcNow() > until)
            {
                throw new InvalidOperationException($"Only {second.Count} of {count} connections were renewed.");
            }
        }
    }

    private static void Write(Measurement measurement, List<double> late, List<DateTimeOffset> times)
    {
        late.Sort();
        var average = times.Count / (times[^1] - times[0]).TotalSeconds;
        var peak = times.GroupBy(at => (long)(at - times[0]).TotalSeconds).Max(second => second.Count());
        measurement.Values["late_p50_s"] = Percentiles.Of(late, 0.5);
        measurement.Values["late_p99_s"] = Percentiles.Of(late, 0.99);
        measurement.Values["late_max_s"] = late[^1];
        measurement.Values["average_per_s"] = average;
        measurement.Values["peak_per_s"] = peak;
        measurement.Values["peak_over_average"] = peak / average;
    }
}
