namespace Kubernetes.Client;

/// <summary>One line of a watch.</summary>
public abstract record WatchEvent<T>
{
    private WatchEvent()
    {
    }

    /// <summary>The object was created or changed.</summary>
    public sealed record Applied(T Resource) : WatchEvent<T>;

    /// <summary>The object was deleted; <paramref name="Resource"/> is its last state.</summary>
    public sealed record Deleted(T Resource) : WatchEvent<T>;

    /// <summary>Nothing changed; a later watch may resume from this version.</summary>
    public sealed record Bookmark(string ResourceVersion) : WatchEvent<T>;
}
