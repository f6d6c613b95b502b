using System.Collections.Immutable;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Grants;

/// <summary>A refresh token that the provider issued and the cluster has not taken yet. Until it has, it exists nowhere else.</summary>
internal sealed record PendingGrant
{
    /// <summary>Whose it is.</summary>
    public required NamespacedName Connection { get; init; }

    /// <summary>
    /// The attempt that it came from; null for a consent. When it is stored, the attempt must still be in the Secret, or have been given up
    /// (<see cref="IsGivenUpIn"/>), or the attempt that took its place must have been left (<see cref="IsLeftIn"/>).
    /// </summary>
    public string? AttemptId { get; init; }

    /// <summary>The Secret as the attempt was written into it, over which it is stored without another look; null for a consent.</summary>
    public GrantSnapshot? Open { get; init; }

    /// <summary>
    /// The grant in the Secret when the code of this consent was taken, which it replaces; null when there was none, and for an exchange.
    /// Any other grant in the Secret by then is a later consent. No clock decides this, since the clocks of two replicas may differ.
    /// </summary>
    public FormerGrant? Replaces { get; init; }

    /// <summary>The grant to store.</summary>
    public required HeldGrant Next { get; init; }

    /// <summary>What happens to the grant once its connection is gone; null leaves the present note.</summary>
    public GrantDeletionPolicy? DeletionPolicy { get; init; }

    /// <summary>The client that can revoke it, should it not be wanted any more.</summary>
    public required ResolvedClient Client { get; init; }

    /// <summary>Names it among those that wait.</summary>
    public string Id => AttemptId ?? Next.Family;

    // Of the token that it was exchanged for; null for a consent.
    private string? SpentHash => Open?.Document.Intent?.TokenHash;

    /// <summary>What to store in place of a document; null when this grant must not be stored.</summary>
    public GrantDocument? Over(GrantDocument document) =>
        AttemptId is null ? OverFormer(document)
        : document.RevocationTime is null && (document.Intent?.Id == AttemptId || IsGivenUpIn(document) || IsLeftIn(document))
            ? document with { Held = Next, Intent = null }
        : null;

    /// <summary>
    /// True when the document says that the provider refused the very token that this grant was exchanged for: another process took the
    /// exchange over and sent that token once more. Only the provider knows whether that ended this grant, too. Trying it costs nothing,
    /// and may spare a person another consent.
    /// </summary>
    public bool IsGivenUpIn(GrantDocument document) =>
        AttemptId is not null
        && document is { RevocationTime: null, Intent: null, Held: { RefusalTime: not null } stored }
        && stored.Family == Next.Family
        && stored.IsOfSameClientAs(Next)
        && Unguessable.HashOf(stored.RefreshToken) == SpentHash;

    /// <summary>
    /// True when the document already holds it, or a token that was exchanged from it: an earlier write arrived whose answer did not. Each
    /// consent begins a family, so a consent whose family is in the document has been stored, and may have been exchanged since. Stored
    /// once more, it would replace a live token by a spent one.
    /// </summary>
    public bool IsIn(GrantDocument document) => document.Held is { } stored
        && stored.Family == Next.Family
        && (AttemptId is null || (stored.RefreshToken.FixedTimeEquals(Next.RefreshToken) && document.Intent?.Id != AttemptId));

    /// <summary>True when this consent was stored, by a write that got no answer, and another one took its place since.</summary>
    public bool WasReplacedIn(GrantDocument document) =>
        AttemptId is null && document.Held is { } stored && stored.Replaced.Contains(Next.Family, StringComparer.Ordinal);

    /// <summary>
    /// True while another process has an intent for the token that this grant was exchanged for, and nobody has announced a takeover of
    /// that intent. That process may find that it sends nothing after all, and put this attempt back. Dropped before that, this grant would
    /// be lost although the old token is spent. Stored before that, it could be revoked by the old token, which that process may be about
    /// to send.
    /// </summary>
    public bool IsContestedIn(GrantDocument document) => RivalIn(document) is { TakeoverTime: null };

    // A third process has announced that it takes over from the one that had taken over from us. That one sends nothing any more: it had
    // ended, or its lease was over. The third one waits before it sends, so that whoever holds a successor can store it.
    private bool IsLeftIn(GrantDocument document) => RivalIn(document) is { TakeoverTime: not null };

    // Another process's intent for the token that this grant was exchanged for; null when none is there.
    private ExchangeIntent? RivalIn(GrantDocument document) =>
        AttemptId is not null
        && document is { RevocationTime: null, Intent: { } other, Held: { } stored }
        && stored.Family == Next.Family
        && other.Id != AttemptId
        && other.TokenHash == SpentHash
            ? other
            : null;

    // When two consents arrive together, the first one stored counts. The other one may have been stored before it, too, by a write
    // whose answer was lost: then it is revoked by now.
    private GrantDocument? OverFormer(GrantDocument document) =>
        document.Held is { } other && other.Family != Replaces?.Family
            ? null
            : document with
            {
                Held = Next with
                {
                    Sequence = Math.Max(Next.Sequence, (document.Held?.Sequence ?? 0) + 1),
                    Replaced = document.Held is { } former ? [.. former.Replaced.Prepend(former.Family).Take(HeldGrant.MaxReplaced)] : [],
                },
                Kept = ImmutableDictionary<string, SecretValue>.Empty, // what a later version knew of the former one
                Intent = null,
                LastFailure = null,
                DeletionPolicy = DeletionPolicy ?? document.DeletionPolicy,
                RevocationTime = null,
            };
}

/// <summary>A grant that a consent replaces.</summary>
/// <param name="Family">Its family.</param>
/// <param name="IsOurs">True when it may be revoked; see <see cref="GrantFactsReader.IsOurs"/>.</param>
internal sealed record FormerGrant(string Family, bool IsOurs);
