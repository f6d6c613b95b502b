using System.Text.Json.Nodes;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>From the request that creates a connection until a watch tells of its Secret, while nothing else happens.</summary>
internal sealed class LatencyRow(ScaleOptions options, TimeProvider time)
{
    private const int Samples = 300;
    private const int WarmUp = 20;
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Creates one connection after the other.</summary>
    public async Task<IReadOnlyList<Measurement>> MeasureAsync(Contender contender, CancellationToken cancellationToken)
    {
        await using var stage = await Stage.BuildAsync(contender.Crds, tokenLifetime: null, time, cancellationToken);
        await stage.PopulateAsync(connections: 0, time, cancellationToken);
        await using var subject = Subject.Start(contender, options, stage, time);
        await subject.UntilHealthyAsync(Subject.Seldom, cancellationToken);
        await subject.UntilQuietAsync(cancellationToken);
        await using var secrets = (await stage.WatchSecretsAsync(cancellationToken)).GetAsyncEnumerator(cancellationToken);
        var samples = new List<double>();
        for (var number = 0; number < WarmUp + Samples; number++)
        {
            var begun = time.GetTimestamp();
            await stage.CreateConnectionAsync(number, cancellationToken);
            await secrets.ReadUntilAsync(number);
            samples.Add(time.GetElapsedTime(begun).TotalMilliseconds);
            await Task.Delay(pause, time, cancellationToken);
        }

        List<double> sorted = [.. samples.Skip(WarmUp).Order()];
        var measurement = new Measurement(RowNames.Latency, contender.Name, 0);
        measurement.Values["samples"] = sorted.Count;
        measurement.Values["p50_ms"] = Percentiles.Of(sorted, 0.5);
        measurement.Values["p99_ms"] = Percentiles.Of(sorted, 0.99);
        measurement.Values["max_ms"] = sorted[^1];
        return [measurement];
    }
}

/// <summary>Reading a watch of Secrets.</summary>
internal static class SecretLines
{
    /// <summary>Reads on until the Secret of a connection appears.</summary>
    public static async Task ReadUntilAsync(this IAsyncEnumerator<JsonNode> lines, int connection)
    {
        do
        {
            if (!await lines.MoveNextAsync())
            {
                throw new InvalidOperationException($"The watch ended before it told of {Stage.SecretNameOf(connection)}.");
            }
        }
        while (lines.Current["object"]!["metadata"]!["name"]!.GetValue<string>() != Stage.SecretNameOf(connection));
    }
}
