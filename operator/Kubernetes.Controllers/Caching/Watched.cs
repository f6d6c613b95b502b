namespace Kubernetes.Controllers.Caching;

/// <summary>What is known of one object that is followed by name.</summary>
public abstract record Watched<T>
    where T : class
{
    private Watched()
    {
    }

    /// <summary>Nothing is known yet, or the object is not followed. Wait; do not take it for missing.</summary>
    public sealed record NotSynced : Watched<T>
    {
        /// <summary>The one value there is.</summary>
        public static NotSynced Instance { get; } = new();
    }

    /// <summary>The object does not exist.</summary>
    public sealed record Missing : Watched<T>
    {
        /// <summary>The one value there is.</summary>
        public static Missing Instance { get; } = new();
    }

    /// <summary>The object as it was last seen.</summary>
    public sealed record Present(T Resource) : Watched<T>;

    /// <summary>The account may not read the object. It is asked for again every few minutes.</summary>
    /// <param name="Message">What the API server says: who lacks which permission.</param>
    public sealed record Forbidden(string Message) : Watched<T>;
}
