using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>One change of a store.</summary>
/// <param name="Name">The object.</param>
/// <param name="Before">As the store held it before; null when it is new.</param>
/// <param name="After">As the store holds it now; null when it is gone. Both are null when an own deletion, already taken out of the store, is confirmed.</param>
public sealed record StoreChange<T>(NamespacedName Name, T? Before, T? After)
    where T : class;
