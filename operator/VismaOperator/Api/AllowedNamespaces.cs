using System.Text.Json.Serialization;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>From which namespaces connections may use a client.</summary>
public sealed record AllowedNamespaces
{
    /// <summary>Which namespaces are meant.</summary>
    public NamespaceScope From { get; init; }

    /// <summary>Labels that a namespace must have; set with <see cref="NamespaceScope.Selector"/> only.</summary>
    public LabelSelector? Selector { get; init; }

    /// <summary>True when a connection in that namespace may use the client.</summary>
    /// <param name="clientNamespace">Namespace of the client, which is always allowed.</param>
    /// <param name="connectionNamespace">Namespace of the connection.</param>
    /// <param name="connectionNamespaceLabels">Its labels; null when they are unknown or there are none.</param>
    public bool Includes(
        string clientNamespace,
        string connectionNamespace,
        IReadOnlyDictionary<string, string>? connectionNamespaceLabels
    ) =>
        clientNamespace == connectionNamespace
        || From switch
        {
            NamespaceScope.All => true,
            NamespaceScope.Selector => Selector is not null && Selector.Matches(connectionNamespaceLabels),
            _ => false,
        };
}

/// <summary>Which namespaces are meant.</summary>
[JsonConverter(typeof(NamespaceScopeConverter))]
public enum NamespaceScope
{
    /// <summary>Only the client's own namespace.</summary>
    Same,

    /// <summary>Every namespace.</summary>
    All,

    /// <summary>Its own, and those whose labels match a selector.</summary>
    Selector,

    /// <summary>A name that this version of the operator does not know; read as <see cref="Same"/>, the narrowest.</summary>
    Unrecognized,
}

internal sealed class NamespaceScopeConverter() : NamedEnumConverter<NamespaceScope>(
    NamespaceScope.Unrecognized,
    (NamespaceScope.Same, "Same"),
    (NamespaceScope.All, "All"),
    (NamespaceScope.Selector, "Selector"));
