using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.InMemory;

namespace VismaOperator.Local;

/// <summary>The cluster of local mode: in memory, kept in a state directory, and swept of old events as the API server does it.</summary>
internal sealed class LocalCluster : IDisposable
{
    private static readonly TimeSpan sweepInterval = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan eventLifetime = TimeSpan.FromHours(1); // --event-ttl of the API server

    private readonly StateDirectory directory;
    private readonly InMemoryCluster cluster;
    private readonly StateJournal journal;
    private readonly TimeProvider time;

    /// <summary>Takes the state directory and puts back what it keeps.</summary>
    /// <param name="state">Path of the state directory.</param>
    /// <param name="changed">Told of every change, after it is on the disk.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="LocalException">The directory is in use, or damaged.</exception>
    public LocalCluster(string state, Action changed, TimeProvider time)
    {
        this.time = time;
        directory = StateDirectory.Open(state);
        try
        {
            journal = new StateJournal(directory, changed);
            journal.Sweep();
            cluster = new InMemoryCluster(time, new InMemoryClusterOptions { Journal = journal });
            foreach (var (kind, json) in journal.ReadAll())
            {
                cluster.Restore(kind, json);
            }
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>What the controllers see.</summary>
    public IKubernetesClient Client => cluster;

    /// <summary>
    /// Puts credential Secrets back as an earlier process stored them, where the manifests still say the same. For the start, before
    /// manifests are applied.
    /// </summary>
    public void Recall(IEnumerable<Secret> manifests)
    {
        foreach (var json in journal.Recall(manifests))
        {
            cluster.Restore(Secret.ResourceKind, json);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => directory.Dispose();

    /// <summary>Deletes events past their lifetime until cancelled; without it they would be kept as long as the process runs.</summary>
    public async Task SweepEventsAsync(CancellationToken cancellationToken)
    {
        using var timer = time.Every(sweepInterval);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var oldest = time.GetUtcNow() - eventLifetime;
            var page = await cluster.ListPageAsync<Event>(ResourceSelector.All, int.MaxValue, continueToken: null, cancellationToken);
            foreach (var old in page.Items.Where(item => item.Metadata.CreationTimestamp < oldest))
            {
                await cluster.DeleteAsync<Event>(old.Metadata.NamespacedName, preconditions: null, cancellationToken);
            }
        }
    }
}
