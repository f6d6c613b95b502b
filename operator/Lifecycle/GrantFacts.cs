namespace Lifecycle;

/// <summary>
/// What is known of the grant that a person gave to a connection (RFC 6749 section 4.1), read live from where it is stored.
/// </summary>
public abstract record GrantFacts
{
    private GrantFacts()
    {
    }

    /// <summary>The connection gets its tokens without a person: there is no grant to look at.</summary>
    public sealed record NotNeeded : GrantFacts;

    /// <summary>No refresh token is stored.</summary>
    public sealed record None : GrantFacts;

    /// <summary>The stored grant must not be sent to anybody.</summary>
    public sealed record Unusable(Problem Problem) : GrantFacts;

    /// <summary>A refresh token is stored.</summary>
    /// <param name="Grant">What is known of it.</param>
    public sealed record Held(GrantRecord Grant) : GrantFacts;
}

/// <summary>A consent that gave no grant.</summary>
/// <param name="Problem">Why.</param>
/// <param name="Time">When.</param>
public sealed record ConsentFailure(Problem Problem, DateTimeOffset Time);

/// <summary>A stored grant, as far as decisions need it. Never holds a token.</summary>
public sealed record GrantRecord
{
    /// <summary>Chosen at each consent; refresh tokens that descend from one consent share it.</summary>
    public required string Family { get; init; }

    /// <summary>Grows with every exchange and every consent, so that a copy restored from a backup is recognized.</summary>
    public required long Sequence { get; init; }

    /// <summary>True when it was given for what the spec and the client ask for now. Another one is never sent anywhere.</summary>
    public required bool IsBound { get; init; }

    /// <summary>When the person consented.</summary>
    public required DateTimeOffset GrantTime { get; init; }

    /// <summary>Who consented (the <c>sub</c> claim); null when the provider does not say.</summary>
    public string? GrantedBy { get; init; }

    /// <summary>When the consent ends and must be given again; null when nobody knows.</summary>
    public DateTimeOffset? ConsentExpirationTime { get; init; }

    /// <summary>The latest time to use the refresh token, so that it does not expire unused.</summary>
    public required DateTimeOffset KeepAliveTime { get; init; }

    /// <summary>
    /// Until when the refresh token lives at least, if it is not used: <see cref="KeepAliveTime"/> is half-way there, or earlier.
    /// </summary>
    public DateTimeOffset UnusedUntil => KeepAliveTime + (KeepAliveTime - AccessToken.IssueTime);

    /// <summary>When the provider refused the refresh token (<c>invalid_grant</c>); null while it is valid.</summary>
    public DateTimeOffset? RefusalTime { get; init; }

    /// <summary>
    /// Until when another process may still store the new refresh token for the one that it began to spend. Null when no exchange is open,
    /// when the open one is this process's or is known to be over, and also before its takeover was announced
    /// (<see cref="IsTakeoverToAnnounce"/>).
    /// </summary>
    public DateTimeOffset? OpenElsewhereUntil { get; init; }

    /// <summary>
    /// True while an exchange was begun and its result is not stored. The refresh token may be spent; it is tried again while the
    /// provider's grace lasts.
    /// </summary>
    public bool IsExchangeOpen { get; init; }

    /// <summary>True when the note in the grant Secret differs from what the spec says about the deletion of the grant.</summary>
    public bool IsNoteOutdated { get; init; }

    /// <summary>True when the open exchange is another process's, and nothing announces yet that this one will take it over.</summary>
    public bool IsTakeoverToAnnounce { get; init; }

    /// <summary>
    /// The access token that came with the last exchange, as it would be on record once it is published. It is stored beside the refresh
    /// token, so a process that ended before publishing it costs no exchange. While it is not published, its fingerprint differs from that
    /// of the published token: times of whole seconds would not distinguish two tokens of one second.
    /// </summary>
    public required TokenRecord AccessToken { get; init; }

    /// <summary>
    /// The request (<see cref="ConnectionFacts.RequestedAt"/>) that the exchange was an answer to; null when nobody had asked.
    /// </summary>
    public string? AnsweredRequest { get; init; }

    /// <summary>
    /// Why that token must not be published: it is for another tenant, or has more scopes than the client's owner allows. Null when it may.
    /// </summary>
    public Problem? Objection { get; init; }
}

/// <summary>How a person can consent, and what status says of the consent.</summary>
public sealed record ConsentFacts
{
    /// <summary>Nothing is known and nobody can be invited.</summary>
    public static ConsentFacts None { get; } = new();

    /// <summary>True when the operator serves consent pages, so that a link can be offered.</summary>
    public bool CanInvite { get; init; }

    /// <summary>
    /// Arguments that <c>connect</c> needs to reach this operator; null when it needs none, and where pages could be served instead.
    /// </summary>
    public string? ConnectArguments { get; init; }

    /// <summary>The link that status offers; null when none does.</summary>
    public Invitation? Invitation { get; init; }

    /// <summary>True when a code that was obtained elsewhere (<c>connect</c>) waits to be redeemed.</summary>
    public bool HasHandoff { get; init; }

    /// <summary>What keeps that code from being sent, as it was last seen; null when nothing was, and before somebody looked.</summary>
    public HandoffObstacle? HandoffObstacle { get; init; }

    /// <summary>
    /// The last consent, when it gave no grant; null when it gave one, when another has begun since, and when nobody tried.
    /// </summary>
    public ConsentFailure? LastFailure { get; init; }

    /// <summary>Sequence of the grant that status speaks of; null when there never was one.</summary>
    public long? RecordedSequence { get; init; }
}

/// <summary>Something that keeps a handed-over code from being sent for now: the provider cannot be found, or asked for a pause.</summary>
/// <param name="SeenTime">When it was seen.</param>
/// <param name="RetryAfter">When to look again, from then on; null when nobody said.</param>
/// <param name="Waited">For how long the code has been left in its Secret, by a clock that nobody sets.</param>
public sealed record HandoffObstacle(DateTimeOffset SeenTime, TimeSpan? RetryAfter, TimeSpan Waited)
{
    /// <summary>True when the code is too old to be waited for any longer.</summary>
    public bool IsOverdue => Waited >= Policy.CodeLifetime;
}

/// <summary>A link at which a person can consent.</summary>
/// <param name="Url">The link. It is written to <c>status.authorization.url</c> and nowhere else.</param>
/// <param name="ExpirationTime">When it stops working and is replaced.</param>
public sealed record Invitation(string Url, DateTimeOffset ExpirationTime)
{
    /// <summary>How long a link works: long enough for a person in another time zone, and one status write a day.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
}
