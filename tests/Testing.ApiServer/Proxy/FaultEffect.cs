using System.Net;

namespace VismaOperator.Testing.ApiServer.Proxy;

/// <summary>What the proxy does to a request instead of just passing it on.</summary>
public abstract record FaultEffect
{
    private FaultEffect()
    {
    }

    /// <summary>The request never reaches the API server; the client gets this status with a Kubernetes Status as body.</summary>
    /// <param name="Status">For example 409, 410, 429, 500.</param>
    /// <param name="RetryAfter">Whole seconds for the header Retry-After and <c>details.retryAfterSeconds</c>; none where null.</param>
    public sealed record Answer(HttpStatusCode Status, TimeSpan? RetryAfter = null) : FaultEffect;

    /// <summary>The watch is answered 200 and its first event is an ERROR with 410 Expired, as when etcd was compacted.</summary>
    public sealed record ExpireWatch : FaultEffect;

    /// <summary>The request reaches the API server only after this time.</summary>
    public sealed record Delay(TimeSpan By) : FaultEffect;

    /// <summary>The request waits in front of the API server until the fault is disposed.</summary>
    public sealed record Hold : FaultEffect;

    /// <summary>The API server carries the request out, and the answer waits until the fault is disposed.</summary>
    public sealed record HoldAnswer : FaultEffect;

    /// <summary>The request never reaches the API server, and the client's stream breaks.</summary>
    public sealed record Break : FaultEffect;

    /// <summary>The API server carries the request out, but the client's stream breaks before the answer.</summary>
    public sealed record LoseAnswer : FaultEffect;
}
