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
    public sealed record Answer(HttpStatusCode Status, TimeSpan? RetryAfter = null) : FaultEffect
    {
        /// <summary>The server's words; made up where null.</summary>
        public string? Message { get; init; }

        /// <summary>The server's reason; the one that belongs to the status where null.</summary>
        public string? Reason { get; init; }
    }

    /// <summary>A fail-closed admission webhook that cannot be called.</summary>
    /// <param name="name">Name of the webhook.</param>
    /// <param name="words">What the server says of it.</param>
    public static Answer WebhookDown(string name, string words) =>
        new(HttpStatusCode.InternalServerError)
        {
            Message = $"Internal error occurred: failed calling webhook \"{name}\": failed to call webhook: {words}",
        };

    /// <summary>An admission webhook that denies the request.</summary>
    /// <param name="name">Name of the webhook.</param>
    /// <param name="words">What it says, which may quote what it was shown.</param>
    public static Answer WebhookDenies(string name, string words) =>
        new(HttpStatusCode.Forbidden) { Message = $"admission webhook \"{name}\" denied the request: {words}", Reason = words };

    /// <summary>A ResourceQuota that is used up.</summary>
    /// <param name="secret">Name of the Secret.</param>
    /// <param name="name">Name of the quota.</param>
    public static Answer QuotaExceeded(string secret, string name) =>
        new(HttpStatusCode.Forbidden)
        {
            Message =
                $"secrets \"{secret}\" is forbidden: exceeded quota: {name}, requested: secrets=1, used: secrets=5, limited: secrets=5",
        };

    /// <summary>A ValidatingAdmissionPolicy that denies the request.</summary>
    /// <param name="secret">Name of the Secret.</param>
    /// <param name="name">Name of the policy.</param>
    /// <param name="words">Its message expression, which may quote what it was shown.</param>
    public static Answer PolicyDenies(string secret, string name, string words) =>
        new(HttpStatusCode.UnprocessableEntity)
        {
            Message = $"secrets \"{secret}\" is forbidden: ValidatingAdmissionPolicy '{name}' with binding 'all' denied request: {words}",
        };

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
