using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests.Chaos;

/// <summary>Two replicas, each with a way to the API server of its own. One that has ended is started again, as a kubelet would.</summary>
internal sealed class Replicas
{
    private const string Lead = "This replica leads";
    private const string Lost = "is lost";

    private readonly Scene scene;
    private readonly List<Replica> all = [];
    private readonly HashSet<int> struck = [];
    private readonly List<string> ended = [];

    private Replicas(Scene scene) => this.scene = scene;

    /// <summary>The ways to the API server.</summary>
    public IEnumerable<ApiProxy> Ways => all.Select(replica => replica.Way);

    /// <summary>The processes that run now.</summary>
    public IEnumerable<OperatorProcess> Running => all.Select(replica => replica.Operator);

    /// <summary>Processes that ended although nobody ended them and their lease was not lost.</summary>
    public IReadOnlyList<string> EndedByThemselves => ended;

    /// <summary>How many processes ended because they had lost the lease, which is right.</summary>
    public int LostLeases { get; private set; }

    /// <summary>How many processes were started.</summary>
    public int Starts { get; private set; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Both ready, and one of them leads.</summary>
    public static async Task<Replicas> StartAsync(Scene scene)
    {
        var replicas = new Replicas(scene);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var way = await scene.AddProxyAsync();
            replicas.Starts++;
            replicas.all.Add(new Replica(way, await scene.StartOperatorAsync(way)));
            await replicas.all[0].Operator.Process.WaitForLineAsync(Lead, Ct);
        }

        return replicas;
    }

    /// <summary>The running one that has said that it leads; where none has, the first. A process that lost the lease ends.</summary>
    public OperatorProcess Leader() =>
        Running.FirstOrDefault(running =>
            !running.Process.HasExited && running.Process.Lines.Any(line => line.Contains(Lead, StringComparison.Ordinal))
        ) ?? all[0].Operator;

    /// <summary>Sends a signal that ends the process, or makes it lose its lease, so that its end counts as asked for.</summary>
    public void Strike(OperatorProcess running, ProcessSignal signal)
    {
        struck.Add(running.Process.Id);
        running.Process.Send(signal);
    }

    /// <summary>Starts what has ended again.</summary>
    /// <returns>Whether something had ended.</returns>
    public bool Restart()
    {
        var hasEnded = false;
        for (var at = 0; at < all.Count; at++)
        {
            var (way, running) = all[at];
            if (!running.Process.HasExited)
            {
                continue;
            }

            hasEnded = true;
            Judge(running.Process);
            Starts++;
            all[at] = new Replica(way, scene.LaunchOperator(way));
        }

        return hasEnded;
    }

    private void Judge(RealProcess process)
    {
        if (struck.Contains(process.Id))
        {
            return;
        }

        if (process.Lines.Any(line => line.Contains(Lost, StringComparison.Ordinal)))
        {
            LostLeases++;
            return;
        }

        ended.Add($"process {process.Id} ended by itself:\n{string.Join('\n', process.Lines.TakeLast(15))}");
    }

    private sealed record Replica(ApiProxy Way, OperatorProcess Operator);
}
