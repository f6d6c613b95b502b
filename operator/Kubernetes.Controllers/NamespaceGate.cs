using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Queueing;

namespace Kubernetes.Controllers;

/// <summary>
/// Keeps keys of a namespace that is not open back from a reconciler, and brings them once it opens: see <see cref="NamespaceSync"/>.
/// </summary>
public sealed class NamespaceGate : IReconciler, IDisposable
{
    private readonly Lock gate = new();
    private readonly HashSet<NamespacedName> waiting = [];
    private readonly IReconciler reconciler;
    private readonly WorkQueue queue;
    private readonly NamespaceSync namespaces;
    private readonly IDisposable subscription;

    /// <summary>A gate before one reconciler.</summary>
    public NamespaceGate(IReconciler reconciler, WorkQueue queue, NamespaceSync namespaces)
    {
        ArgumentNullException.ThrowIfNull(namespaces);
        (this.reconciler, this.queue, this.namespaces) = (reconciler, queue, namespaces);
        subscription = namespaces.Subscribe(Opened);
    }

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            // Checked under the lock: if the namespace opens after this check, the key is found there.
            if (!namespaces.IsOpen(key.Namespace))
            {
                waiting.Add(key);
                return Requeue.Never.Instance;
            }
        }

        return await reconciler.ReconcileAsync(key, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => subscription.Dispose();

    private void Opened(NamespaceNews news)
    {
        if (!news.IsOpen)
        {
            return;
        }

        lock (gate)
        {
            foreach (var key in waiting.Where(key => key.Namespace == news.Name).ToList())
            {
                waiting.Remove(key);
                queue.Add(key);
            }
        }
    }
}
