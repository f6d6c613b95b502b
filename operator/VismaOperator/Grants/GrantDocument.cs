using System.Collections.Immutable;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Publishing;

namespace VismaOperator.Grants;

/// <summary>Everything that a grant Secret holds. It never changes; a change is another document.</summary>
internal sealed record GrantDocument
{
    /// <summary>A document that holds nothing yet.</summary>
    public static GrantDocument Empty { get; } = new();

    /// <summary>The grant; null until somebody consented.</summary>
    public HeldGrant? Held { get; init; }

    /// <summary>The exchange that was begun and whose answer is not stored; null when none is open.</summary>
    public ExchangeIntent? Intent { get; init; }

    /// <summary>The consents that browsers are about to give, the newest first; at most <see cref="ConsentAttempt.MaxOpen"/>.</summary>
    public IReadOnlyList<ConsentAttempt> Attempts { get; init; } = [];

    /// <summary>
    /// The last consent, when it gave no grant; null when it gave one, when another has begun since, and when nobody tried.
    /// </summary>
    public ConsentFailure? LastFailure { get; init; }

    /// <summary>What happens to the grant once its connection is gone, as the connection last said.</summary>
    public GrantDeletionPolicy DeletionPolicy { get; init; }

    /// <summary>
    /// The other content of the Secret, written back unchanged: keys of a later version of the operator, and a grant that cannot be read
    /// completely. Writing an attempt or an outcome beside it must not destroy it.
    /// </summary>
    public IReadOnlyDictionary<string, SecretValue> Kept { get; init; } = ImmutableDictionary<string, SecretValue>.Empty;

    /// <summary>True when there is a refresh token without everything that is needed to use it.</summary>
    public bool IsGrantUnreadable => Held is null && Kept.ContainsKey(GrantKeys.RefreshToken);

    /// <summary>When the revocation of the grant began; from then on nobody may use it. Null while it may be used.</summary>
    public DateTimeOffset? RevocationTime { get; init; }
}

/// <summary>A refresh token with all that is known of it.</summary>
internal sealed record HeldGrant
{
    /// <summary>More consents than that are not given before a write that got no answer is tried again.</summary>
    public const int MaxReplaced = 8;

    /// <summary>
    /// The connection that it was given to, which reveals the copy of a grant in a cloned namespace; null in a grant that an earlier
    /// version wrote.
    /// </summary>
    public NamespacedName? Connection { get; init; }

    /// <summary>What it was given for.</summary>
    public required GrantBinding Binding { get; init; }

    /// <summary>The OAuthClient that it was given through, whose secrets can revoke it.</summary>
    public required NamespacedName Client { get; init; }

    /// <summary>Chosen at each consent.</summary>
    public required string Family { get; init; }

    /// <summary>
    /// Families that this grant replaced, the newest first; at most <see cref="MaxReplaced"/>. A consent whose write got no answer finds
    /// out by them that it was stored and then replaced.
    /// </summary>
    public IReadOnlyList<string> Replaced { get; init; } = [];

    /// <summary>Grows with every exchange and every consent.</summary>
    public required long Sequence { get; init; }

    /// <summary>The refresh token to spend next.</summary>
    public required Sensitive RefreshToken { get; init; }

    /// <summary>When the refresh token expires; null when the provider did not say.</summary>
    public DateTimeOffset? RefreshTokenExpirationTime { get; init; }

    /// <summary>Whether an exchange extends that expiry; null before the first exchange that showed it.</summary>
    public bool? RefreshTokenSlides { get; init; }

    /// <summary>When the person consented.</summary>
    public required DateTimeOffset GrantTime { get; init; }

    /// <summary>Who consented (the <c>sub</c> claim); null when the provider does not say.</summary>
    public string? GrantedBy { get; init; }

    /// <summary>When the provider answered <c>invalid_grant</c>; null while it did not.</summary>
    public DateTimeOffset? RefusalTime { get; init; }

    /// <summary>The access token of the last exchange.</summary>
    public required IssuedToken AccessToken { get; init; }

    /// <summary>True when the client secrets of one of the two can revoke the other.</summary>
    public bool IsOfSameClientAs(HeldGrant other) =>
        Binding.Issuer == other.Binding.Issuer && Binding.ClientId == other.Binding.ClientId;

    /// <summary>
    /// True when it was given in another cluster, or to a connection of another name or namespace, as far as either is known.
    /// </summary>
    public bool IsOfElsewhere(NamespacedName connection, string cluster) =>
        Binding.IsOfAnotherCluster(cluster) || (Connection is { } own && own != connection);
}

/// <summary>An exchange that was begun. Stored before the refresh token is sent, so that no two processes spend it at once.</summary>
/// <param name="Id">Names the attempt. Its result may be stored only as <see cref="PendingGrant.Over"/> says.</param>
/// <param name="TokenHash">Hash of the refresh token that is about to be spent.</param>
/// <param name="Time">When it was begun, by the clock of who began it.</param>
internal sealed record ExchangeIntent(string Id, string TokenHash, DateTimeOffset Time)
{
    /// <summary>When another process announced that it will begin one of its own, by the clock of that one; null when none has.</summary>
    public DateTimeOffset? TakeoverTime { get; init; }
}
