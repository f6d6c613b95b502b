using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>Two replicas. The one that leads ends, and a connection is created at that moment: until it has its Secret.</summary>
internal sealed class FailoverRow(ScaleOptions options, TimeProvider time)
{
    /// <summary>The leader is stopped in order, as by an upgrade, then the next one is killed, as by the loss of a node.</summary>
    public async Task<IReadOnlyList<Measurement>> MeasureAsync(Contender contender, CancellationToken cancellationToken)
    {
        await using var stage = await Stage.BuildAsync(contender.Crds, tokenLifetime: null, time, cancellationToken);
        await stage.PopulateAsync(connections: 0, time, cancellationToken);
        var measurement = new Measurement(RowNames.Failover, contender.Name, 0);
        await using var first = await ReplicaAsync(contender, stage, cancellationToken);
        await LeadsAsync(first, cancellationToken);
        await using var second = await ReplicaAsync(contender, stage, cancellationToken);
        measurement.Values["stopped_s"] = await EndAsync(first, ProcessSignal.Terminate, stage, number: 1, cancellationToken);
        await LeadsAsync(second, cancellationToken);
        await using var third = await ReplicaAsync(contender, stage, cancellationToken);
        measurement.Values["killed_s"] = await EndAsync(second, ProcessSignal.Kill, stage, number: 2, cancellationToken);
        return [measurement];
    }

    private async Task<Subject> ReplicaAsync(Contender contender, Stage stage, CancellationToken cancellationToken)
    {
        var replica = Subject.Start(contender, options, stage, time, "--leader-elect", "true");
        await replica.UntilHealthyAsync(Subject.Seldom, cancellationToken);
        await replica.UntilQuietAsync(cancellationToken);
        return replica;
    }

    private static Task LeadsAsync(Subject replica, CancellationToken cancellationToken) => Eventually.BecomesTrueAsync(
        "the replica to lead",
        async token => (await replica.ScrapeAsync(token)).Sum("leader_election_master_status") > 0,
        cancellationToken);

    private async Task<double> EndAsync(
        Subject leader, ProcessSignal signal, Stage stage, int number, CancellationToken cancellationToken)
    {
        await using var secrets = (await stage.WatchSecretsAsync(cancellationToken)).GetAsyncEnumerator(cancellationToken);
        var begun = time.GetTimestamp();
        leader.Process.Send(signal);
        await stage.CreateConnectionAsync(number, cancellationToken);
        await secrets.ReadUntilAsync(number);
        return time.GetElapsedTime(begun).TotalSeconds;
    }
}
