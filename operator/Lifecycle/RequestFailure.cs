namespace Lifecycle;

/// <summary>
/// Why a token request gave no token. This is the only form of a failed request between the answer of the provider and the record in
/// status. Decisions read the case and the code, never the words.
/// </summary>
public abstract record RequestFailure
{
    private RequestFailure()
    {
    }

    /// <summary>How long the provider asks to wait; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True when nothing was attempted: the request did not have its turn.</summary>
    public bool IsUnsent => this is Unavailable { HadTurn: false };

    /// <summary>The provider answered with an OAuth error (RFC 6749 section 5.2, and Visma's own <c>invalid_tenant</c>).</summary>
    /// <param name="Code">The <c>error</c> member; unknown codes are passed through as they are.</param>
    /// <param name="Description">The <c>error_description</c> member, already cut and cleaned; null when absent.</param>
    public sealed record Refused(string Code, string? Description) : RequestFailure
    {
        private const string InvalidClient = "invalid_client";

        /// <summary>A refusal of the client itself: its id, or every secret of it.</summary>
        public static Refused OfClient(string? description) => new(InvalidClient, description);

        /// <summary>True when the client itself was refused.</summary>
        public bool IsOfClient => Code == InvalidClient;

        /// <summary>True when the refresh token is no longer good and only a new consent helps.</summary>
        public bool EndsGrant => Code == "invalid_grant";
    }

    /// <summary>No usable answer: network, timeout, 5xx, 429, an open circuit.</summary>
    /// <param name="Cause">One sentence for people, without a full stop.</param>
    /// <param name="MayHaveBeenProcessed">
    /// False only when the request surely was not sent; otherwise a one-time token in it may be spent.
    /// </param>
    public sealed record Unavailable(string Cause, bool MayHaveBeenProcessed) : RequestFailure
    {
        /// <summary>
        /// False where nothing was attempted, since the request did not have its turn: the provider asked for a pause or has been failing,
        /// or the wait was too long.
        /// </summary>
        public bool HadTurn { get; init; } = true;
    }

    /// <summary>The answer is neither a token nor an OAuth error. The request may have been processed.</summary>
    /// <param name="Cause">One sentence for people, without a full stop; never quotes the answer.</param>
    public sealed record Malformed(string Cause) : RequestFailure;

    /// <summary>The failure in words for people: what happened, and what to do.</summary>
    /// <param name="context">Names for the message.</param>
    public Problem Explain(RequestContext context) =>
        this switch
        {
            Refused refused => Explain(refused, context),
            Unavailable unavailable => new Problem(
                Reason.ProviderUnavailable,
                $"The provider {context.Provider} cannot be used now: {unavailable.Cause}. The operator tries again by itself; if this "
                + "lasts, look at its status page and at the network between.",
                FailureKind.Transient
            ),
            Malformed malformed => new Problem(
                Reason.AnswerNotUnderstood,
                $"The answer of {context.Provider} was not understood: {malformed.Cause}. The operator tries again by itself; check that "
                + "the token endpoint is right and that no proxy answers in its place.",
                FailureKind.Transient
            ),
            _ => throw new InvalidOperationException($"Unknown failure {GetType().Name}."),
        };

    // By the code alone, never by the description.
    private static Problem Explain(Refused refused, RequestContext context)
    {
        var (reason, remedy) = refused.Code switch
        {
            "invalid_client" => (
                Reason.ClientRefused,
                $"{TriedWords(context.Tried)}The client id or every client secret of OAuthClient {context.Client} is wrong or has "
                + "expired; the provider does not say which. Check spec.clientID, make a new secret in the Visma developer portal if "
                + "need be, and put it into the referenced Secret."
            ),
            "invalid_scope" => (
                Reason.ScopeRefused,
                $"A scope of [{context.Scopes}] does not exist or is not granted to this application. Check spec.scopes against the "
                + $"application's APIs in the Visma developer portal{AndOfflineAccess(context)}."
            ),
            "unauthorized_client" => (
                Reason.GrantTypeRefused,
                $"The application behind OAuthClient {context.Client} may not use this grant. Enable the grant type in the Visma "
                + "developer portal."
            ),
            "invalid_grant" => (
                Reason.ConsentRequired,
                "The refresh token or code has expired, was revoked or was used before: a person must consent again."
            ),
            "invalid_tenant" => (
                Reason.TenantRefused,
                $"Tenant {context.Tenant} is unknown or has not approved this application. Check spec.tenantID (the company's tenant id "
                + "from Visma Admin > Company > Configuration) and let an Integration Administrator of that tenant approve the "
                + "application; an approval can take 15 minutes to count."
            ),
            _ => (Reason.RequestRefused, "Look the code up in RFC 6749 section 5.2 or in the provider's documentation."),
        };
        var said = string.IsNullOrEmpty(refused.Description) ? string.Empty : $" ({refused.Description})";
        var kind = refused.EndsGrant ? FailureKind.NeedsConsent : FailureKind.NeedsPerson;
        return new Problem(reason, $"The provider refused with {refused.Code}{said}. {remedy}", kind)
        {
            Stage = refused.IsOfClient ? FailureStage.Authenticating : FailureStage.Requesting,
        };
    }

    // The messages of conditions have a limit, and a client may list eight.
    private static string TriedWords(IReadOnlyList<TriedSecret> tried)
    {
        const int Named = 3;
        var more = tried.Count > Named ? $" and {tried.Count - Named} more" : string.Empty;
        return tried.Count == 0 ? string.Empty : $"Tried: {string.Join("; ", tried.Take(Named).Select(secret => secret.Words))}{more}. ";
    }

    // It is in no spec, and in the portal it is a separate setting.
    private static string AndOfflineAccess(RequestContext context) =>
        context.Scopes.Split(' ').Contains("offline_access") ? ", and that it has offline access there" : string.Empty;
}

/// <summary>Names for the message of a failed request.</summary>
/// <param name="Client">Namespace and name of the OAuthClient.</param>
/// <param name="Tenant">The tenant id; empty when none is set.</param>
/// <param name="Scopes">The scopes asked for, separated by spaces.</param>
public sealed record RequestContext(string Client, string Tenant, string Scopes)
{
    /// <summary>Host of the provider.</summary>
    public string Provider { get; init; } = string.Empty;

    /// <summary>The client secrets that were refused; empty where none is to be named.</summary>
    public IReadOnlyList<TriedSecret> Tried { get; init; } = [];
}

/// <summary>A client secret that was sent to the provider, by its Secret and key.</summary>
/// <param name="Name">Name of the Secret.</param>
/// <param name="Key">Key in it.</param>
/// <param name="Oddities">What looks wrong about the value, in fixed words that hold nothing of it.</param>
public sealed record TriedSecret(string Name, string Key, IReadOnlyList<string> Oddities)
{
    /// <summary>As messages name it.</summary>
    public string Words =>
        $"Secret {Name}, key {Key}{(Oddities.Count == 0 ? string.Empty : $" (its value {string.Join(", ", Oddities)})")}";
}
