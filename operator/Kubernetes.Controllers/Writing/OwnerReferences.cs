using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace Kubernetes.Controllers.Writing;

/// <summary>Makes owner references.</summary>
public static class OwnerReferences
{
    /// <summary>
    /// A reference to the one owner that manages an object, so that the garbage collector deletes the object with it. It does not block the
    /// owner's deletion: nothing that this operator writes may hold up a namespace.
    /// </summary>
    /// <param name="owner">The owner as the API server knows it, with its <c>uid</c>, in the namespace of the object that will be
    /// owned.</param>
    /// <exception cref="ArgumentException">The owner has no <c>uid</c>: it was never stored.</exception>
    public static OwnerReference To<T>(T owner)
        where T : class, IResource<T>
    {
        ArgumentNullException.ThrowIfNull(owner);
        return new()
        {
            ApiVersion = T.ResourceKind.ApiVersion,
            Kind = T.ResourceKind.Kind,
            Name = owner.Metadata.Name,
            Uid = owner.Metadata.Uid ?? throw new ArgumentException("An owner needs a uid.", nameof(owner)),
            Controller = true,
            BlockOwnerDeletion = false,
        };
    }
}
