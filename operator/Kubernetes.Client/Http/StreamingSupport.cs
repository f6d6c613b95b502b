using Kubernetes.Client.Access;

namespace Kubernetes.Client.Http;

/// <summary>
/// Whether the server streams lists: by its version, which is asked for once for all caches, until it refuses to. An upgrade of the server
/// while this process runs changes nothing that matters. Thread-safe.
/// </summary>
/// <param name="clock">Times the question.</param>
internal sealed class StreamingSupport(TimeProvider clock)
{
    // It is no more than an advice on how to begin: a server that does not answer must not hold up the list that says so.
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(5);

    private Task<bool?>? answer;
    private volatile bool isRefused;

    /// <summary>False also while the version is not known; it is then asked for again by the next call.</summary>
    /// <param name="ask">Asks for the version.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<bool> IsServedAsync(Func<CancellationToken, Task<ServerVersion>> ask, CancellationToken cancellationToken)
    {
        if (isRefused)
        {
            return false;
        }

        var asking = answer ??= AskAsync(ask);
        if (await asking.WaitAsync(cancellationToken) is { } streams)
        {
            return streams && !isRefused;
        }

        _ = Interlocked.CompareExchange(ref answer, null, asking);
        return false;
    }

    /// <summary>The server of such a version refused: an administrator switched it off, and all caches read pages from now on.</summary>
    public void Refused() => isRefused = true;

    // Every account may read the version, unless somebody took that away. A timeout of the connection comes as a cancellation.
    private async Task<bool?> AskAsync(Func<CancellationToken, Task<ServerVersion>> ask)
    {
        using var limit = Deadline.After(patience, clock);
        try
        {
            return (await ask(limit.Token)).StreamsLists;
        }
        catch (Exception unknown)
            when (unknown
                is KubernetesException
                    or ClusterAccessException
                    or HttpRequestException
                    or IOException
                    or OperationCanceledException
                    or TimeoutException)
        {
            return null;
        }
    }
}
