namespace VismaOperator.Benchmarks.Scale;

/// <summary>What a cluster full of other Secrets costs: nothing, since only those with the operator's label are watched.</summary>
internal sealed class SecretsRow(ScaleOptions options, TimeProvider time)
{
    /// <summary>Connections beside them.</summary>
    public const int Connections = 100;

    /// <summary>Measures a running operator before and after they are created, and a restart beside one without them.</summary>
    public async Task<IReadOnlyList<Measurement>> MeasureAsync(Contender contender, CancellationToken cancellationToken)
    {
        await using var stage = await Stage.BuildAsync(contender.Crds, tokenLifetime: null, time, cancellationToken);
        await stage.PopulateAsync(Connections, time, cancellationToken);
        var ready = await ReadyWatch.OpenAsync(stage.Admin, Connections, cancellationToken);
        await using (var first = Subject.Start(contender, options, stage, time))
        {
            await ready.AllReadyAsync(cancellationToken);
            await first.StopAsync(cancellationToken);
        }

        double before, after;
        await using (var running = Subject.Start(contender, options, stage, time))
        {
            before = await RestAsync(running, cancellationToken);
            await stage.CreateUnrelatedSecretsAsync(options.Secrets, cancellationToken);
            after = await RestAsync(running, cancellationToken);
            await running.StopAsync(cancellationToken);
        }

        await using var again = Subject.Start(contender, options, stage, time);
        var measurement = new Measurement(RowNames.Secrets, contender.Name, Connections);
        measurement.Values["secrets"] = options.Secrets;
        measurement.Values["running_mib"] = after - before;
        measurement.Values["restart_mib"] = await RestAsync(again, cancellationToken) - before;
        return [measurement];
    }

    private static async Task<double> RestAsync(Subject subject, CancellationToken cancellationToken)
    {
        await subject.UntilHealthyAsync(Subject.Seldom, cancellationToken);
        await subject.UntilQuietAsync(cancellationToken);
        return subject.Usage.ResidentMebibytes;
    }
}
