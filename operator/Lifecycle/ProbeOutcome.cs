namespace Lifecycle;

/// <summary>
/// What became of one probe: a GET with the token at the API that it is for. This is the only form of it between the answer and the
/// condition <c>TokenAccepted</c>. Decisions read the case, never the words.
/// </summary>
public abstract record ProbeOutcome
{
    private ProbeOutcome()
    {
    }

    /// <summary>What the API says of its limits, at any status.</summary>
    public ProbeLimits Limits { get; init; } = ProbeLimits.None;

    /// <summary>How long nothing more may be sent for this host and tenant; null when nobody asks for a pause.</summary>
    public TimeSpan? Pause => Limits.Pause;

    /// <summary>The API accepted the token.</summary>
    public sealed record Accepted : ProbeOutcome;

    /// <summary>401: the API does not accept the token.</summary>
    public sealed record Unauthorized : ProbeOutcome;

    /// <summary>403: the API knows the token, which does not allow this path.</summary>
    public sealed record Forbidden : ProbeOutcome;

    /// <summary>404: there is no such path, or no such thing in this company.</summary>
    public sealed record NotFound : ProbeOutcome;

    /// <summary>Fault 12027 of the ERP API, at any status: the company is closed to this token.</summary>
    public sealed record CompanyRefused : ProbeOutcome;

    /// <summary>429: the limit of requests for this company and client is reached. It says nothing about the token.</summary>
    public sealed record RateLimited : ProbeOutcome;

    /// <summary>No answer in time, or one that says that the API cannot answer now (5xx). It says nothing about the token.</summary>
    /// <param name="Cause">Why, for people, without a full stop.</param>
    public sealed record Unavailable(string Cause) : ProbeOutcome;

    /// <summary>An answer that an API does not give, such as a page or a redirect.</summary>
    /// <param name="Cause">What it was, for people, without a full stop.</param>
    public sealed record Unexpected(string Cause) : ProbeOutcome;

    /// <summary>Nothing was sent: the token may not go there.</summary>
    /// <param name="Cause">Why, for people, without a full stop.</param>
    public sealed record NotAllowed(string Cause) : ProbeOutcome;

    /// <summary>Nothing was sent: the settings of the probe break a rule.</summary>
    /// <param name="Cause">Which one and what to do, for people, without a full stop.</param>
    public sealed record Invalid(string Cause) : ProbeOutcome;

    /// <summary>What the API itself says about the error, already cut and cleaned; null when it says nothing.</summary>
    public string? Said { get; init; }

    /// <summary>
    /// True when the API refused the request for what it is (4xx, except 408 and 429): the same one would be refused again.
    /// </summary>
    public bool IsRefused { get; init; }

    /// <summary>True when there was no usable answer, which says nothing about the token.</summary>
    public bool IsLost => this is Unavailable or RateLimited;

    /// <summary>True when the API accepted the token.</summary>
    public bool IsAccepted => this is Accepted;

    /// <summary>Every label of <see cref="Label"/>.</summary>
    public static IReadOnlyList<string> Labels { get; } =
    [
        "accepted",
        "unauthorized",
        "forbidden",
        "not_found",
        "company_refused",
        "rate_limited",
        "unavailable",
        "unexpected",
        "not_allowed",
        "invalid",
    ];

    /// <summary>The outcome as metrics label it.</summary>
    public string Label =>
        this switch
        {
            Accepted => "accepted",
            Unauthorized => "unauthorized",
            Forbidden => "forbidden",
            NotFound => "not_found",
            CompanyRefused => "company_refused",
            RateLimited => "rate_limited",
            Unavailable => "unavailable",
            Unexpected => "unexpected",
            NotAllowed => "not_allowed",
            Invalid => "invalid",
            _ => throw new InvalidOperationException($"Unknown outcome {GetType().Name}."),
        };

    /// <summary>The outcome in words for people: what happened, and what to do. The same outcome has the same words.</summary>
    public Problem Explain(ProbeContext context)
    {
        var (reason, message) = Words(context);
        var kind = this is RateLimited or Unavailable ? FailureKind.Transient : FailureKind.NeedsPerson;
        return new(reason, $"GET {context.Address} {message}", kind);
    }

    private (string Reason, string Message) Words(ProbeContext context) =>
        this switch
        {
            Accepted => (Reason.ApiAnswered, "was answered: the API accepts the token."),
            Unauthorized => (
                Reason.ApiUnauthorized,
                $"was answered with 401{SaidWords}, although the provider issued the token. {Company(context)} If it is the right one, "
                + "check that this company approved the application, and that spec.baseURL is the API that the scopes "
                + $"[{context.Scopes}] are for."
            ),
            Forbidden => (
                Reason.ApiForbidden,
                $"was answered with 403{SaidWords}: the API knows the token, which does not allow this path. Its scopes are "
                + $"[{context.Scopes}]. Ask for the scope that this path needs (one that ends in :read), check the roles of the "
                + "integration or of the person who consented in Visma, or set spec.probe.path to a path that the scopes allow."
            ),
            NotFound => (
                Reason.ApiPathNotFound,
                $"was answered with 404{SaidWords}: this API has no such path. Check spec.baseURL, spec.apiVersion and spec.probe.path: "
                + "most resources are in one version of the API only, and /dimension is in v1. Visma ERP is at "
                + "https://api.finance.visma.net/v1; /erp/service is part of an audience and not of an address."
            ),
            CompanyRefused => (
                Reason.ApiCompanyRefused,
                $"was answered with the fault 12027{SaidWords}: the company is closed to this token. Its licence has expired, a role "
                + $"is missing, or the tenant id is that of the customer. {Company(context)} Then check the licence of the company and the "
                + "roles of the integration or of the person who consented in Visma Admin."
            ),
            RateLimited => (
                Reason.ApiRateLimited,
                $"was answered with 429{SaidWords}: the limit of requests for this company and application is reached. That says nothing "
                + "about the token. The operator's next probe waits "
                + (context.PausedUntil is { } until ? $"until {InstantText.Of(until)}, as" : "as long as")
                + " the API asks. "
                + "The limit is shared with everything that uses the token: make fewer requests there, or set a longer "
                + "spec.probe.interval."
            ),
            Unavailable unavailable => (
                Reason.ApiUnavailable,
                $"got no usable answer: {unavailable.Cause}{SaidWords}. That says nothing about the token. The operator asks again at its "
                + "next probe; if this lasts, look at https://status.visma.com, and at DNS, TLS and the network between."
            ),
            Unexpected unexpected => (
                Reason.ApiAnswerUnexpected,
                $"was answered with {unexpected.Cause}{SaidWords}, which a probe does not expect. Check spec.baseURL and "
                + "spec.probe.path, and that no proxy answers in place of the API."
            ),
            NotAllowed refused => (
                Reason.ApiHostNotAllowed,
                $"was not sent: {refused.Cause}. Correct spec.baseURL or spec.probe.path, or ask for the host to be added to "
                + "--allowed-api-hosts."
            ),
            Invalid invalid => (Reason.InvalidSpec, $"was not sent: {invalid.Cause}."),
            _ => throw new InvalidOperationException($"Unknown outcome {GetType().Name}."),
        };

    private string SaidWords => string.IsNullOrEmpty(Said) ? string.Empty : $" ({Said})";

    private static string Company(ProbeContext context) =>
        context.Tenant.Length > 0
            ? $"Most often spec.tenantID {context.Tenant} is the Customer tenant id: tokens are issued for it, but the API takes only the "
                + "Company tenant id, from Visma Admin > Company > Edit > Configuration > Tenant id."
            : "The spec names no tenant: set spec.tenantID to the Company tenant id, from Visma Admin > Company > Edit > Configuration > "
                + "Tenant id.";
}

/// <summary>Names for the message of a probe.</summary>
/// <param name="Address">The URL without its query.</param>
/// <param name="Tenant">The tenant id; empty when none is set.</param>
/// <param name="Scopes">The scopes of the token, separated by spaces.</param>
public sealed record ProbeContext(string Address, string Tenant, string Scopes)
{
    /// <summary>Until when the API asks to leave this tenant alone; null where it does not ask.</summary>
    public DateTimeOffset? PausedUntil { get; init; }
}

/// <summary>What the API says of its limits, for one company and application.</summary>
/// <param name="Limit">Requests that are allowed in the present window (<c>X-RateLimit-Limit</c>); null when it does not say.</param>
/// <param name="Remaining">Requests that are left in it (<c>X-RateLimit-Remaining</c>); null when it does not say.</param>
/// <param name="Pause">How long to send nothing, at most an hour; null when there is no need to wait.</param>
public sealed record ProbeLimits(long? Limit, long? Remaining, TimeSpan? Pause)
{
    /// <summary>The API says nothing.</summary>
    public static ProbeLimits None { get; } = new(null, null, null);
}
