using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;

namespace VismaOperator.Grants;

/// <summary>Which cluster this is, so that a grant that was copied to another one is not spent by both.</summary>
/// <param name="namespaces">The watched namespaces; null where only Roles in listed namespaces are given, and then nobody can tell.</param>
internal sealed class ClusterIdentity(Store<Namespace>? namespaces)
{
    private static readonly NamespacedName KubeSystem = NamespacedName.ClusterScoped("kube-system");

    /// <summary>UID of <c>kube-system</c>, the usual stand-in for an id of the cluster; empty where it cannot be read.</summary>
    public string Id => namespaces?.Find(KubeSystem)?.Metadata.Uid ?? string.Empty;
}
