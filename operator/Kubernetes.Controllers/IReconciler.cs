using Kubernetes.Client;

namespace Kubernetes.Controllers;

/// <summary>
/// Brings one object to the state that its specification asks for.
/// <para>
/// The contract is level-based. A reconcile is told only <em>which</em> object to look at, never what happened to it:
/// several changes may be merged into one call, a call may come although nothing changed, and the object may be gone. It
/// therefore reads the present state, decides, acts, and may be repeated at any time without harm.
/// </para>
/// <para>
/// A key is never reconciled twice at the same time. A change that arrives while its key is being reconciled leads to one more reconcile
/// afterwards. Of several times at which the key is to be reconciled again, the earliest wins, and starting a reconcile forgets the others:
/// what it returns is the only appointment that is kept.
/// </para>
/// <para>
/// Errors are exceptions. <see cref="KubernetesException.IsConflict"/> means that the decision was made on an old state: the key is
/// reconciled again at once, and nothing is counted as failed. Any other exception counts as a failure and the key is tried again with
/// exponential backoff (not before a <c>Retry-After</c> of the API server). A failure that only a person can repair is no exception: report
/// it in the status and return <see cref="Requeue.Never"/> or a late instant.
/// </para>
/// </summary>
public interface IReconciler
{
    /// <summary>Looks at one object and does what is due.</summary>
    /// <param name="key">The object; it may no longer exist.</param>
    /// <param name="cancellationToken">
    /// Fires when the process is asked to stop. Work that must not be torn apart, such as storing a token that was already
    /// issued, runs under a deadline of its own instead; the controller waits for it up to <see cref="Controller.DrainTimeout"/>.
    /// </param>
    /// <returns>When to look at the object again, if nothing else wakes it before.</returns>
    Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken);
}

/// <summary>When to reconcile an object again that was reconciled without an error.</summary>
public abstract record Requeue
{
    private Requeue()
    {
    }

    /// <summary>Only when something changes.</summary>
    public sealed record Never : Requeue
    {
        /// <summary>The one value there is.</summary>
        public static Never Instance { get; } = new();
    }

    /// <summary>
    /// At this instant of the wall clock, or earlier when something changes. An instant that has passed is put off by
    /// one second, so that a decision made on a lagging cache cannot spin.
    /// </summary>
    public sealed record At(DateTimeOffset Instant) : Requeue;
}
