using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;

namespace VismaOperator.Clients;

/// <summary>What the operator needs to know of namespaces.</summary>
internal interface INamespaces
{
    /// <summary>The labels of a namespace, as far as they can be known.</summary>
    ValueTask<NamespaceLabels> LabelsOfAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// The labels, where one of them is a consent. A consent may be withdrawn unseen, so the labels count as unreadable while the operator
    /// may not read the namespace, even if it could read them before.
    /// </summary>
    /// <param name="name">The namespace.</param>
    /// <param name="isFirst">True where nobody may have looked lately: the API server is asked, unless the namespace is watched.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<NamespaceLabels> ConsentOfAsync(string name, bool isFirst, CancellationToken cancellationToken);

    /// <summary>True when the namespace is known to be terminating, so that nothing can be created in it.</summary>
    bool IsTerminating(string name);
}

/// <summary>
/// What is known of a namespace's labels. Unknown labels are no reason to withdraw anything, so they are distinguished from no labels.
/// </summary>
internal abstract record NamespaceLabels
{
    private NamespaceLabels()
    {
    }

    /// <summary>The namespace and its labels, if any.</summary>
    public static NamespaceLabels Of(Namespace? found) =>
        found is null ? new Absent() : new Known(found.Metadata.Labels ?? new Dictionary<string, string>());

    public sealed record Known(IReadOnlyDictionary<string, string> Labels) : NamespaceLabels;

    /// <summary>There is no such namespace.</summary>
    public sealed record Absent : NamespaceLabels;

    /// <summary>The operator may not read the namespace.</summary>
    public sealed record Unreadable : NamespaceLabels;
}

/// <summary>Namespaces from a cluster-wide watch.</summary>
internal sealed class WatchedNamespaces(Store<Namespace> store) : INamespaces
{
    /// <inheritdoc/>
    public ValueTask<NamespaceLabels> LabelsOfAsync(string name, CancellationToken cancellationToken) =>
        ValueTask.FromResult(NamespaceLabels.Of(store.Find(NamespacedName.ClusterScoped(name))));

    /// <inheritdoc/>
    public ValueTask<NamespaceLabels> ConsentOfAsync(string name, bool isFirst, CancellationToken cancellationToken) =>
        LabelsOfAsync(name, cancellationToken);

    /// <inheritdoc/>
    public bool IsTerminating(string name) => store.Find(NamespacedName.ClusterScoped(name))?.Metadata.DeletionTimestamp is not null;
}
