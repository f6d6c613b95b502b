using System.Globalization;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>Every number of connections with every number of workers, each on an API server of its own.</summary>
internal sealed class ScaleRun(ScaleOptions options, TimeProvider time, TextWriter output)
{
    /// <summary>Measures, prints the tables at the end, and what it is at on standard error.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var rows = new List<ScaleRow>();
        foreach (
            var (connections, workers) in options.Connections.SelectMany(connections =>
                options.Workers.Select(workers => (connections, workers))
            )
        )
        {
            await Console.Error.WriteLineAsync(
                string.Create(CultureInfo.InvariantCulture, $"{connections} connections, {workers} workers ...")
            );
            rows.Add(await MeasureAsync(connections, workers, cancellationToken));
        }

        await output.WriteLineAsync(ScaleTable.Of(rows, options, time.GetUtcNow()));
    }

    private async Task<ScaleRow> MeasureAsync(int connections, int workers, CancellationToken cancellationToken)
    {
        var load = Machine.LoadAverage();
        await using var stage = await Stage.BuildAsync(time, cancellationToken);
        var empty = await IdleAsync(stage, workers, cancellationToken);
        await stage.PopulateAsync(connections, cancellationToken);
        var first = await FirstStartAsync(stage, connections, workers, cancellationToken);
        var tokens = stage.TokenRequests;
        var restart = await RestartAsync(stage, connections, workers, cancellationToken);
        return new ScaleRow(connections, workers, load, empty, first, restart with { TokenRequests = stage.TokenRequests - tokens });
    }

    private async Task<Measurement> IdleAsync(Stage stage, int workers, CancellationToken cancellationToken)
    {
        await using var subject = Subject.Start(options, stage, workers, time);
        var healthy = await subject.UntilHealthyAsync(cancellationToken);
        await subject.UntilQuietAsync(reconciles: 0, cancellationToken);
        return await subject.TakeAsync(healthy, done: healthy, cancellationToken);
    }

    private async Task<Measurement> FirstStartAsync(Stage stage, int connections, int workers, CancellationToken cancellationToken)
    {
        var before = stage.ClusterCpu();
        var ready = await ReadyWatch.OpenAsync(stage.Admin, connections, cancellationToken);
        await using var subject = Subject.Start(options, stage, workers, time);
        var healthy = await subject.UntilHealthyAsync(cancellationToken);
        await ready.AllReadyAsync(cancellationToken);
        var done = subject.Elapsed;
        await subject.UntilQuietAsync(connections, cancellationToken);
        var taken = await subject.TakeAsync(healthy, done, cancellationToken);
        await subject.StopAsync(cancellationToken);
        return taken with { ClusterCpu = stage.ClusterCpu() - before, TokenRequests = stage.TokenRequests };
    }

    // All tokens are fresh: it must only look, and must neither ask nor write.
    private async Task<Measurement> RestartAsync(Stage stage, int connections, int workers, CancellationToken cancellationToken)
    {
        await using var subject = Subject.Start(options, stage, workers, time);
        var healthy = await subject.UntilHealthyAsync(cancellationToken);
        await subject.UntilReconciledAsync(connections, cancellationToken);
        var done = subject.Elapsed;
        await subject.UntilQuietAsync(connections, cancellationToken);
        return await subject.TakeAsync(healthy, done, cancellationToken);
    }
}
