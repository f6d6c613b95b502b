namespace Lifecycle;

/// <summary>
/// What becomes of a grant once its connection is gone. A mistaken prune must cost no consent, so a grant is kept for a while: it belongs
/// to a connection of the same name that comes back in time. After that it is revoked and deleted. Pure, so that one table shows every
/// case.
/// </summary>
public static class OrphanPolicy
{
    /// <summary>How long a grant outlives its connection: longer than the usual interval of a GitOps tool.</summary>
    public static readonly TimeSpan Keep = TimeSpan.FromMinutes(10);

    private const int MaxAttempts = 5;
    private static readonly TimeSpan attemptPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan cacheLag = TimeSpan.FromSeconds(30);

    /// <summary>Decides. Deciding again on the same facts changes nothing.</summary>
    public static OrphanDecision Decide(OrphanFacts facts) => facts switch
    {
        { IsOver: true } => new OrphanDecision.Forget(),
        { IsConnectionThere: true, IsNamespaceTerminating: false } => GoOn(facts),
        { IsSecretSeen: false, IsToRevoke: null } => new OrphanDecision.Forget(),
        { IsSecretSeen: true, Remaining: { Ticks: > 0 } left } => new OrphanDecision.Keep(left),
        { IsNamespaceTerminating: false, IsBack: null } => new OrphanDecision.Look(),
        { IsBack: true } => new OrphanDecision.Wait(cacheLag),
        { Stored: null } => new OrphanDecision.Read(),
        { Stored.Content: OrphanContent.Missing } => facts.IsToRevoke == true
            ? new OrphanDecision.RevokeRemembered()
            : new OrphanDecision.Forget(),
        { Remaining: { Ticks: > 0 } left } => new OrphanDecision.Wait(left), // the cache does not know the Secret yet, and it is there
        _ when !(facts.IsToRevoke ?? facts.Stored!.IsToRevoke) => new OrphanDecision.Leave(),
        { Stored.Content: OrphanContent.Held } => Revoke(facts) ?? new OrphanDecision.Delete(),
        _ => new OrphanDecision.Delete(),
    };

    // The connection is back. A grant whose revocation has begun is not its grant any more: its refresh token would be one that nobody
    // watches. Somebody may be about to consent again: those consents stay.
    private static OrphanDecision GoOn(OrphanFacts facts) => facts switch
    {
        { IsRevocationMarked: false } => new OrphanDecision.Leave(),
        { Stored: null } => new OrphanDecision.Read(),
        { Stored: not { Content: OrphanContent.Held, IsClaimed: true } } => new OrphanDecision.Leave(),
        _ when Revoke(facts) is { } decision => decision,
        { Stored.HasConsents: true } => new OrphanDecision.TakeOut(),
        _ => new OrphanDecision.Delete(),
    };

    // Null when it is over: revoked, or given up. In a terminating namespace there is nobody who could come back, and no time to lose.
    // Without its client a grant cannot be revoked yet, which does not count as an attempt. It is claimed first: a connection that comes
    // back from then on finds no grant rather than one that is about to be revoked. A wake-up between two attempts, such as the watch event
    // of our own claim, does not make an attempt earlier.
    private static OrphanDecision? Revoke(OrphanFacts facts) => facts switch
    {
        { Revocation.Cause: null } => null,
        { Revocation: not null, IsNamespaceTerminating: true } or { Revocation: not null, Attempts: >= MaxAttempts } => null,
        { Revocation: not null } => new OrphanDecision.Wait(attemptPause),
        { IsNamespaceTerminating: true } => new OrphanDecision.Revoke(),
        { Stored.IsClientKnown: false } => new OrphanDecision.Wait(attemptPause),
        { Stored.IsClaimed: false } => new OrphanDecision.Claim(),
        { Attempts: > 0 } when facts.SinceLastAttempt < attemptPause => new OrphanDecision.Wait(attemptPause - facts.SinceLastAttempt),
        _ => new OrphanDecision.Revoke(),
    };
}

/// <summary>
/// Everything that the end of a grant rests on. Never holds a token. Durations are by a clock that nobody sets: one that is set forward
/// must cost no consent.
/// </summary>
public sealed record OrphanFacts
{
    /// <summary>True when the cache has a connection of that name that acts for a person.</summary>
    public bool IsConnectionThere { get; init; }

    /// <summary>
    /// Whether the API server has such a connection; null before it was asked. A watch that hangs must not cost a consent.
    /// </summary>
    public bool? IsBack { get; init; }

    /// <summary>True while the namespace is being deleted.</summary>
    public bool IsNamespaceTerminating { get; init; }

    /// <summary>How long the connection has been gone.</summary>
    public TimeSpan GoneFor { get; init; }

    /// <summary>True when the cache has the grant Secret.</summary>
    public bool IsSecretSeen { get; init; }

    /// <summary>True when the metadata of the Secret says that the revocation of its grant has begun.</summary>
    public bool IsRevocationMarked { get; init; }

    /// <summary>Whether the connection wanted the grant revoked, when both were last seen; null when they never were.</summary>
    public bool? IsToRevoke { get; init; }

    /// <summary>What the Secret holds; null before it was read.</summary>
    public OrphanedSecret? Stored { get; init; }

    /// <summary>Attempts in a row to revoke the grant that failed.</summary>
    public int Attempts { get; init; }

    /// <summary>How long ago the last of them was made.</summary>
    public TimeSpan SinceLastAttempt { get; init; }

    /// <summary>What became of the attempt of this reconcile; null before it was made.</summary>
    public OrphanRevocation? Revocation { get; init; }

    /// <summary>True once the grant is revoked or given up, and removed.</summary>
    public bool IsOver { get; init; }

    /// <summary>How long the grant is still kept for a connection that may come back.</summary>
    public TimeSpan Remaining => IsNamespaceTerminating ? TimeSpan.Zero : OrphanPolicy.Keep - GoneFor;
}

/// <summary>What a grant Secret without a connection holds.</summary>
/// <param name="Content">What is in it.</param>
public sealed record OrphanedSecret(OrphanContent Content)
{
    /// <summary>True when the note in it says that the grant is to be revoked.</summary>
    public bool IsToRevoke { get; init; }

    /// <summary>True when the revocation has begun: from then on nobody may use the grant.</summary>
    public bool IsClaimed { get; init; }

    /// <summary>True when browsers are about to give a consent.</summary>
    public bool HasConsents { get; init; }

    /// <summary>True when the clients of the namespace of its client were read, so that its client is known if it exists.</summary>
    public bool IsClientKnown { get; init; }
}

/// <summary>What is in a grant Secret.</summary>
public enum OrphanContent
{
    /// <summary>There is no such Secret, or it is not the operator's.</summary>
    Missing,

    /// <summary>No refresh token.</summary>
    NoGrant,

    /// <summary>A refresh token without everything that is needed to use it.</summary>
    Unreadable,

    /// <summary>The copy of a grant that was given in another cluster or namespace, where it may be in use.</summary>
    OfElsewhere,

    /// <summary>A refresh token.</summary>
    Held,
}

/// <summary>What became of an attempt to revoke a grant.</summary>
/// <param name="Cause">Why it failed; null when the grant is revoked.</param>
public sealed record OrphanRevocation(string? Cause);

/// <summary>What to do about a grant whose connection is gone. Rests end the reconcile; after a step it is decided again.</summary>
public abstract record OrphanDecision
{
    private OrphanDecision()
    {
    }

    /// <summary>Rest. There is nothing left, or the grant is over: drop what is in memory.</summary>
    public sealed record Forget : OrphanDecision;

    /// <summary>Rest. The grant stays as it is.</summary>
    public sealed record Leave : OrphanDecision;

    /// <summary>Rest. The grant is kept for so long, since its connection may come back.</summary>
    public sealed record Keep(TimeSpan Left) : OrphanDecision;

    /// <summary>Rest, and look again after so long.</summary>
    public sealed record Wait(TimeSpan Left) : OrphanDecision;

    /// <summary>Ask the API server whether the connection is back.</summary>
    public sealed record Look : OrphanDecision;

    /// <summary>Read the grant Secret.</summary>
    public sealed record Read : OrphanDecision;

    /// <summary>Write beside the grant that its revocation begins.</summary>
    public sealed record Claim : OrphanDecision;

    /// <summary>Revoke the grant that is stored (RFC 7009).</summary>
    public sealed record Revoke : OrphanDecision;

    /// <summary>Revoke the grant that was last seen, since its Secret is gone, as when a namespace is deleted.</summary>
    public sealed record RevokeRemembered : OrphanDecision;

    /// <summary>Delete the grant Secret.</summary>
    public sealed record Delete : OrphanDecision;

    /// <summary>Take the grant out of its Secret, in which the consents that are about to be given stay.</summary>
    public sealed record TakeOut : OrphanDecision;
}
