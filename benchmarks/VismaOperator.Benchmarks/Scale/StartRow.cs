namespace VismaOperator.Benchmarks.Scale;

/// <summary>The operator without any connection: how soon it is healthy, and what it needs then.</summary>
internal sealed class StartRow(ScaleOptions options, TimeProvider time)
{
    private const int Starts = 5;
    private const double Megabyte = 1e6;

    /// <summary>Starts it several times on one server; the first start, which finds cold files, does not count.</summary>
    public async Task<IReadOnlyList<Measurement>> MeasureAsync(Contender contender, CancellationToken cancellationToken)
    {
        await using var stage = await Stage.BuildAsync(contender.Crds, tokenLifetime: null, time, cancellationToken);
        await stage.PopulateAsync(connections: 0, time, cancellationToken);
        var measurement = new Measurement(RowNames.Start, contender.Name, 0);
        var healthy = new List<TimeSpan>();
        for (var start = 0; start <= Starts; start++)
        {
            await using var subject = Subject.Start(contender, options, stage, time);
            healthy.Add(await subject.UntilHealthyAsync(Subject.Often, cancellationToken));
            await subject.UntilQuietAsync(cancellationToken);
            subject.Usage.WriteMemory(measurement.Values);
            await subject.StopAsync(cancellationToken);
        }

        measurement.Values["healthy_s"] = healthy.Skip(1).Order().ElementAt(Starts / 2).TotalSeconds;
        measurement.Values["executable_mb"] = new FileInfo(contender.Program).Length / Megabyte;
        return [measurement];
    }
}
