using System.Net;

namespace Kubernetes.Client;

/// <summary>
/// The API server refused a request. Carries its <c>Status</c> object
/// (<see href="https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/"/>); callers decide by
/// <see cref="Reason"/> and <see cref="StatusCode"/>, never by message text.
/// </summary>
public sealed class KubernetesException(HttpStatusCode statusCode, string reason, string message, TimeSpan? retryAfter = null)
    : Exception(message)
{
    /// <summary>HTTP status code of the answer, or the code of the <c>Status</c> object inside a watch.</summary>
    public HttpStatusCode StatusCode { get; } = statusCode;

    /// <summary>
    /// Machine-readable reason, for example <c>NotFound</c>, <c>Conflict</c>, <c>AlreadyExists</c>, <c>Expired</c>, <c>Invalid</c>; empty
    /// when the answer had none.
    /// </summary>
    public string Reason { get; } = reason;

    /// <summary>
    /// How long the server asks to wait (<c>Retry-After</c> header or <c>details.retryAfterSeconds</c>); null when it does not say.
    /// </summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>The webhook, policy or quota behind it, for messages only; null where there is none, or where it is unknown.</summary>
    public AdmissionRule? DeniedBy { get; init; }

    /// <summary>The object does not exist.</summary>
    public bool IsNotFound => StatusCode == HttpStatusCode.NotFound;

    /// <summary>The object changed since it was read, or a precondition did not hold.</summary>
    public bool IsConflict => StatusCode == HttpStatusCode.Conflict && !IsAlreadyExists;

    /// <summary>The name is taken.</summary>
    public bool IsAlreadyExists => Reason == "AlreadyExists";

    /// <summary>Somebody else wrote first.</summary>
    public bool IsLostRace => IsConflict || IsAlreadyExists || IsNotFound;

    /// <summary>The resource version or continue token is too old: list again.</summary>
    public bool IsExpired => StatusCode == HttpStatusCode.Gone;

    /// <summary>The object breaks a rule of the API server (422), for example a change of an immutable field.</summary>
    public bool IsInvalid => StatusCode == HttpStatusCode.UnprocessableEntity;

    /// <summary>The account may not do this.</summary>
    public bool IsForbidden => StatusCode == HttpStatusCode.Forbidden;
}

/// <summary>The webhook, policy or quota that made the API server deny or fail a request.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name: characters of DNS names only.</param>
public sealed record AdmissionRule(AdmissionRuleKind Kind, string Name)
{
    /// <summary>In words, for messages.</summary>
    public override string ToString() => Kind switch
    {
        AdmissionRuleKind.Webhook => $"admission webhook {Name}",
        AdmissionRuleKind.Policy => $"admission policy {Name}",
        _ => $"resource quota {Name}",
    };
}

/// <summary>What can deny a request that the account is allowed to make.</summary>
public enum AdmissionRuleKind
{
    /// <summary>A validating or mutating admission webhook.</summary>
    Webhook,

    /// <summary>A ValidatingAdmissionPolicy or MutatingAdmissionPolicy.</summary>
    Policy,

    /// <summary>A ResourceQuota.</summary>
    Quota,
}
