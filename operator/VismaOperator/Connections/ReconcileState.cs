using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Grants;

namespace VismaOperator.Connections;

/// <summary>What the steps of one reconcile act on. It begins as it was observed, and each step keeps it up to date.</summary>
internal sealed class ReconcileState(VismaConnection connection, Observation observation)
{
    public VismaConnection Connection => connection;

    public NamespacedName Name => connection.Metadata.NamespacedName;

    /// <summary>The client with its credentials; null unless it can be used.</summary>
    public ResolvedClient? Client => observation.Client;

    /// <summary>The client, in a step that is decided only where there is one.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public ResolvedClient RequiredClient =>
        Client ?? throw new InvalidOperationException("A step that needs a client was decided without a usable one.");

    /// <summary>The grant as it is stored, as the next decision sees it; null where none is.</summary>
    public GrantSnapshot? Grant { get; set; } = observation.Grant;

    /// <summary>The token Secret as an inspection read it, so that a rewrite that follows does not read again; else null.</summary>
    public Secret? Inspected { get; set; }
}
