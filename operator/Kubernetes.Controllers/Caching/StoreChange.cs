using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>
/// One change of a store. At least one of <paramref name="Before"/> and <paramref name="After"/> is there. An own deletion is told twice:
/// when it is made, and when the watch confirms it.
/// </summary>
/// <param name="Name">The object.</param>
/// <param name="Before">As the store held it before; null when it is new. Its last state when an own deletion is confirmed.</param>
/// <param name="After">As the store holds it now; null when it is gone.</param>
public sealed record StoreChange<T>(NamespacedName Name, T? Before, T? After)
    where T : class
{
    /// <summary>Who brought it.</summary>
    public ChangeOrigin Origin { get; init; }
}

/// <summary>Who brought a change into a store.</summary>
public enum ChangeOrigin
{
    /// <summary>A list or a watch.</summary>
    Cluster,

    /// <summary>The answer to a write of this process (<see cref="Store{T}.Observe"/>): whoever wrote knows it already.</summary>
    OwnWrite,
}
