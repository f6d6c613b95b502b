namespace Lifecycle;

/// <summary>
/// Everything a decision about one connection rests on, gathered beforehand. There is no clock, no I/O and no memory of
/// earlier reconciles here besides what the status and the Secret themselves say: deciding twice on the same facts gives
/// the same decision.
/// </summary>
public sealed record Facts
{
    /// <summary>What the connection's spec and metadata say.</summary>
    public required ConnectionFacts Connection { get; init; }

    /// <summary>What its OAuthClient allows and offers.</summary>
    public required ClientFacts Client { get; init; }

    /// <summary>What is known of the token Secret without reading its content.</summary>
    public required SecretFacts Secret { get; init; }

    /// <summary>What reading the Secret's content showed; null while it has not been read.</summary>
    public ContentFacts? Content { get; init; }

    /// <summary>What is known of the grant that a person gave.</summary>
    public GrantFacts Grant { get; init; } = new GrantFacts.NotNeeded();

    /// <summary>How a person can consent.</summary>
    public ConsentFacts Consent { get; init; } = ConsentFacts.None;

    /// <summary>What is known of its probes; null when it is not probed.</summary>
    public ProbeFacts? Probe { get; init; }

    /// <summary>What is known of the workloads that it restarts; null when it restarts none.</summary>
    public RestartFacts? Restart { get; init; }

    /// <summary>The token that status says is published; null before the first one and after a withdrawal.</summary>
    public TokenRecord? Token { get; init; }

    /// <summary>
    /// The token that status records in a Secret of an earlier name, once another one was published in its place; null when there is no
    /// such Secret to remove.
    /// </summary>
    public FormerToken? Former { get; init; }

    /// <summary>
    /// Names of further Secrets that hold a token of the connection, as status records them: the one of a token whose record is not
    /// complete, and one that the token moved to while its former Secret could not be removed.
    /// </summary>
    public IReadOnlyList<string> OtherSecrets { get; init; } = [];

    /// <summary>Names of the Secrets to remove, now that the token is in the one that the spec names.</summary>
    public IReadOnlyList<string> FormerSecrets
    {
        get
        {
            string[] former = Former is { } known ? [known.Token.SecretName] : [];
            return OtherSecrets.Count == 0 || Token?.SecretName != Connection.SecretName
                ? former
                : [.. former.Union(OtherSecrets.Where(name => name != Connection.SecretName))];
        }
    }

    /// <summary>The failure that status says is unresolved; null when the last attempt succeeded.</summary>
    public FailureRecord? Failure { get; init; }

    /// <summary>
    /// The failed attempt at the provider that a failed write has replaced in status; null when there is none. It counts again once the
    /// write succeeds.
    /// </summary>
    public FailureRecord? EarlierAttempt { get; init; }

    /// <summary>The removal of the Secret that status says was the last; null when none was, or another token came since.</summary>
    public RemovalRecord? Removal { get; init; }

    /// <summary>
    /// The look that failed in this reconcile; null when none did. Status has it only where no failed attempt is on record.
    /// </summary>
    public FailureRecord? FailedLook { get; init; }
}

/// <summary>What a connection's spec and metadata say.</summary>
public sealed record ConnectionFacts
{
    /// <summary>Namespace and name, for messages: <c>namespace/name</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Stable identity of the object (its UID), which spreads renewals.</summary>
    public required string Identity { get; init; }

    /// <summary>Generation of the spec.</summary>
    public required long Generation { get; init; }

    /// <summary>True when the object or its namespace is being deleted.</summary>
    public bool IsTerminating { get; init; }

    /// <summary><c>spec.suspend</c>.</summary>
    public bool IsSuspended { get; init; }

    /// <summary>The first rule that the spec breaks; null when it is valid.</summary>
    public Problem? SpecProblem { get; init; }

    /// <summary>Value of the annotation that asks for a refresh now; null when absent.</summary>
    public string? RequestedAt { get; init; }

    /// <summary><c>status.lastHandledReconcileAt</c>.</summary>
    public string? HandledRequest { get; init; }

    /// <summary><c>status.lastHandledReconcileTime</c>: when a request was last attempted, or had to be put off.</summary>
    public DateTimeOffset? HandledRequestTime { get; init; }

    /// <summary>When it is this connection's turn among the requests of its client; null where there are no turns to wait for.</summary>
    public DateTimeOffset? RequestTurn { get; init; }

    /// <summary>How early to renew.</summary>
    public RefreshMargins Margins { get; init; } = RefreshMargins.Default;

    /// <summary>Name of the token Secret that the spec asks for.</summary>
    public required string SecretName { get; init; }

    /// <summary>The connection's part of what a token is requested with (tenant, scopes, client reference), hashed.</summary>
    public required string Inputs { get; init; }

    /// <summary>How the Secret is to be rendered around the token, hashed.</summary>
    public required string Layout { get; init; }

    /// <summary>Names of other connections of the namespace that ask for the same Secret.</summary>
    public IReadOnlyList<string> SharesSecretNameWith { get; init; } = [];

    /// <summary>Scopes that the spec asks for; empty when it asks for all that the application is allowed.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>
    /// True when the annotation asks for a refresh that was not attempted yet. When it may be is said by <see cref="RequestRules"/>.
    /// </summary>
    public bool HasUnhandledRequest => RequestedAt is { Length: > 0 } && RequestedAt != HandledRequest;
}

/// <summary>What the OAuthClient allows and offers to this connection.</summary>
public abstract record ClientFacts
{
    private ClientFacts()
    {
    }

    /// <summary>A token can be asked for.</summary>
    /// <param name="Inputs">The client's part of what a token is requested with (issuer, client id), hashed.</param>
    /// <param name="Revision">Changes whenever the client's spec or a credential changes; a failure is retried at once when it
    /// does.</param>
    public sealed record Usable(string Inputs, string Revision) : ClientFacts
    {
        /// <summary>What the client's owner allows for this connection's tenant and namespace; null when that is not limited.</summary>
        public ScopeLimit? ScopeLimit { get; init; }

        /// <summary>A client secret was changed, and this connection was chosen to try it before its token is due.</summary>
        public bool TriesSecret { get; init; }

        /// <summary>Set when the provider refused every client secret in its present value; else null.</summary>
        public ClientRefusal? Refusal { get; init; }
    }

    /// <summary>The client, or something that it references, does not exist (yet).</summary>
    public sealed record Missing(Problem Problem) : ClientFacts
    {
        /// <summary>True when the client exists, and something that it references does not.</summary>
        public bool IsReference { get; init; }
    }

    /// <summary>The client exists and does not allow this namespace or tenant.</summary>
    public sealed record NotAllowing(Problem Problem) : ClientFacts;

    /// <summary>The client cannot be used before a person acts or something can be read.</summary>
    /// <param name="Problem">What is wrong with it.</param>
    /// <param name="RetryAt">When to look again; null when only a change helps.</param>
    public sealed record Unusable(Problem Problem, DateTimeOffset? RetryAt) : ClientFacts;
}

/// <summary>
/// The provider refused every secret of a client. All connections of the client know it, so that one try is enough for all of them.
/// </summary>
/// <param name="Problem">What was refused, and what to do.</param>
/// <param name="RetryTime">When it may be tried again: <see cref="FailureBackoff.ClientRetryTime"/> after the last refusal.</param>
public sealed record ClientRefusal(Problem Problem, DateTimeOffset RetryTime);

/// <summary>What is known of the token Secret from its metadata alone.</summary>
public abstract record SecretFacts
{
    private SecretFacts()
    {
    }

    /// <summary>No Secret of that name carries our label. One without it may exist; a create finds out.</summary>
    /// <param name="IsCertain">True when no Secret of that name exists at all.</param>
    public sealed record Absent(bool IsCertain = false) : SecretFacts
    {
        /// <summary>True when a foreign Secret had the name, and it is not known yet whether it still has.</summary>
        public bool IsDisputed { get; init; }
    }

    /// <summary>
    /// The Secret is its owner's, who lends it to this connection (annotation <c>adopt</c>). Nothing of ours is in it yet.
    /// </summary>
    public sealed record Offered : SecretFacts;

    /// <summary>The Secret is ours.</summary>
    public sealed record Owned(string ResourceVersion) : SecretFacts;

    /// <summary>The Secret belongs to someone else.</summary>
    public sealed record Foreign(Problem Problem) : SecretFacts;

    /// <summary>The Secret is ours and is being deleted; it cannot be written.</summary>
    public sealed record Terminating : SecretFacts;
}

/// <summary>What reading the Secret once showed.</summary>
public abstract record ContentFacts
{
    private ContentFacts()
    {
    }

    /// <summary>Exactly what status says was published.</summary>
    public sealed record Intact : ContentFacts;

    /// <summary>The token is the published one, but something around it was changed.</summary>
    public sealed record Healable : ContentFacts;

    /// <summary>A token of ours that status does not know yet: a process ended between its two writes.</summary>
    /// <param name="Token">The token.</param>
    /// <param name="AnsweredRequest">The request (<see cref="ConnectionFacts.RequestedAt"/>) that it was an answer to; null when nobody had
    /// asked.</param>
    public sealed record Unrecorded(TokenRecord Token, string? AnsweredRequest = null) : ContentFacts;

    /// <summary>The published token is no longer there.</summary>
    public sealed record Lost : ContentFacts;
}
