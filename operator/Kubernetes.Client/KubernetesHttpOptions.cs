namespace Kubernetes.Client;

/// <summary>Time limits and sizes of <see cref="KubernetesHttp"/>.</summary>
public sealed record KubernetesHttpOptions
{
    /// <summary>How long an ordinary request, or the first answer to a watch, may take.</summary>
    internal static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The shortest time after which the server is asked to end a watch: just below the five minutes after which load balancers commonly
    /// cut a connection. Up to as much again is added at random, so that watches do not end together.
    /// </summary>
    internal static readonly TimeSpan WatchTimeout = TimeSpan.FromSeconds(290);

    /// <summary>How much longer than that a server may stay silent before a watch is cut: for the way of the last bytes.</summary>
    internal static readonly TimeSpan WatchMargin = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The largest part of an error answer that is read, in bytes: a <c>Status</c> is a few hundred, a proxy's error page can be anything.
    /// </summary>
    internal const int MaxErrorSize = 64 * 1024;

    /// <summary>
    /// After how much silence on an HTTP/2 connection that has requests or watches the server is pinged (RFC 9113 section 6.7). The default
    /// is 30 s, client-go's figure. Of real time: the runtime's own timer sends the pings.
    /// </summary>
    public TimeSpan KeepAlivePingDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the answer to a ping may take before the connection and all on it are given up. The default is 15 s, client-go's figure. Of
    /// real time.
    /// </summary>
    public TimeSpan KeepAlivePingTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The largest answer that is read, and the longest line of a watch, in bytes. The default is 64 MiB: a full page of 500 objects of the
    /// largest size that etcd takes would not fit, one of real objects does.
    /// </summary>
    public int MaxAnswerSize { get; init; } = 64 * 1024 * 1024;
}
