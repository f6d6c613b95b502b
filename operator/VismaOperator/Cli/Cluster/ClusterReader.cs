using Kubernetes.Client;

namespace VismaOperator.Cli.Cluster;

/// <summary>Reads from a cluster for a person: objects, or why they are unknown.</summary>
/// <param name="client">The API server.</param>
/// <param name="server">Its address, for messages.</param>
internal sealed class ClusterReader(IKubernetesClient client, string server)
{
    private readonly ClusterWords words = new(server);

    /// <summary>Looks an object up. The API server's own words are not repeated: they may quote a Secret.</summary>
    public async Task<Lookup<T>> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var kind = T.ResourceKind;
        try
        {
            return new Lookup<T>(await client.FindAsync<T>(name, cancellationToken));
        }
        catch (Exception cause) when (ClusterWords.AreFor(cause))
        {
            var failure = words.Of(cause, "get", kind, name.Namespace, $"{kind.Kind} {name} could not be read");
            return new Lookup<T>(null, failure) { Cause = cause };
        }
    }

    /// <summary>Lists objects. The API server's own words are repeated: no Secrets are listed.</summary>
    public async Task<Lookup<IReadOnlyList<T>>> ListAsync<T>(ResourceSelector selector, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        try
        {
            return new Lookup<IReadOnlyList<T>>(await client.ListAsync<T>(selector, cancellationToken));
        }
        catch (Exception cause) when (ClusterWords.AreFor(cause))
        {
            return new Lookup<IReadOnlyList<T>>(null, words.Of(cause, "list", T.ResourceKind, selector.Namespace)) { Cause = cause };
        }
    }
}

/// <summary>The outcome of a look: what was found, or nothing, or why it failed.</summary>
/// <param name="Found">What was found; null when it does not exist, or when that is unknown.</param>
/// <param name="Failure">Why it is unknown, for a person; null when the look succeeded.</param>
internal readonly record struct Lookup<T>(T? Found, string? Failure = null)
    where T : class
{
    /// <summary>What the cluster did instead of answering.</summary>
    public Exception? Cause { get; init; }

    /// <summary>What was found; throws where that is unknown.</summary>
    /// <param name="exception">Makes the exception of a verb from the words and their cause.</param>
    public T? OrThrow(Func<string, Exception?, Exception> exception) =>
        Failure is { } words ? throw exception(words, Cause) : Found;
}
