namespace Kubernetes.Client;

/// <summary>Time limits and sizes of <see cref="KubernetesHttp"/>.</summary>
public sealed record KubernetesHttpOptions
{
    /// <summary>The <c>User-Agent</c> of every request; audit logs show it. The default is <c>visma-operator</c>.</summary>
    public string UserAgent { get; init; } = "visma-operator";

    /// <summary>How long an ordinary request, or the first answer to a watch, may take. The default is 30 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The shortest time after which the server is asked to end a watch; up to as much again is added at random, so that
    /// watches do not end together. The default is 290 s, just below the five minutes after which load balancers
    /// commonly cut a connection.
    /// </summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromSeconds(290);

    /// <summary>
    /// How much longer than its own limit a server may stay silent before a watch is cut. The default is 5 s, for the way of the last
    /// bytes.
    /// </summary>
    public TimeSpan WatchMargin { get; init; } = TimeSpan.FromSeconds(5);

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

    /// <summary>
    /// The largest part of an error answer that is read, in bytes. The default is 64 KiB: a <c>Status</c> is a few hundred bytes, a proxy's
    /// error page can be anything.
    /// </summary>
    public int MaxErrorSize { get; init; } = 64 * 1024;
}
