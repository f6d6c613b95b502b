namespace Kubernetes.Client;

/// <summary>Guards kinds of which only metadata is known: writing one would erase the rest of the object.</summary>
internal static class MetadataOnly
{
    public static void RefuseWrite<T>()
        where T : class, IResource<T>
    {
        if (T.IsMetadataOnly)
        {
            throw new NotSupportedException(
                $"{typeof(T).Name} holds only the metadata of a {T.ResourceKind.Kind}; write the full kind instead."
            );
        }
    }
}
