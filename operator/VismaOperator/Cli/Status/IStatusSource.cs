using Kubernetes.Client;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Status;

/// <summary>Where <c>status</c> reads: a cluster as the person may see it, or the state directory of local mode.</summary>
internal interface IStatusSource
{
    /// <summary>All objects of a kind that are asked for.</summary>
    /// <exception cref="StatusException">They cannot be read; the message says why and what to do.</exception>
    Task<IReadOnlyList<T>> ListAsync<T>(CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>One object; null when it does not exist.</summary>
    /// <exception cref="StatusException">It cannot be read; the message says why and what to do.</exception>
    Task<T?> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>Asks for as little as it can, to learn whether it could still be read.</summary>
    /// <exception cref="StatusException">It cannot be read; the message says why and what to do.</exception>
    Task PingAsync<T>(CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>What exists, then what changes, as it is reported. Each batch holds all that was reported since the one before.</summary>
    /// <param name="kinds">Kinds that can be read.</param>
    /// <param name="known">What was there before: those that are gone by now are reported as well.</param>
    /// <param name="cancellationToken">Ends it.</param>
    IAsyncEnumerable<IReadOnlyList<StatusChange>> FollowAsync(
        IReadOnlySet<ResourceKind> kinds,
        IReadOnlyCollection<(ResourceKind Kind, NamespacedName Name)> known,
        CancellationToken cancellationToken
    );
}

/// <summary>An object that is new or changed, or is gone.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Its name.</param>
/// <param name="Resource">The object; null when it is gone.</param>
internal sealed record StatusChange(ResourceKind Kind, NamespacedName Name, IResource? Resource);

/// <summary>Nothing can be said of what was asked for. The message names cause and remedy.</summary>
internal sealed class StatusException(string message, Exception? cause = null) : ExplainedException(message, cause)
{
    /// <summary>Of a look that failed.</summary>
    public static StatusException Of(string message, Exception? cause) => new(message, cause);
}
