using System.Globalization;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Grants;

/// <summary>Reads what the policy needs from a stored grant.</summary>
internal sealed class GrantFactsReader(ExchangeTracker tracker, ClusterIdentity cluster)
{
    /// <summary>The facts.</summary>
    /// <param name="connection">Whose grant it is.</param>
    /// <param name="client">Its client; null while it cannot be used.</param>
    /// <param name="read">What is stored.</param>
    public GrantFacts Read(VismaConnection connection, ResolvedClient? client, GrantRead read) =>
        read switch
        {
            GrantRead.Foreign foreign => new GrantFacts.Unusable(foreign.Problem),
            GrantRead.Found { Snapshot.Document: { Held: { } held, RevocationTime: null } document } => Read(
                connection,
                client,
                document,
                held
            ),
            GrantRead.Found { Snapshot.Document: { IsGrantUnreadable: true, RevocationTime: null } } => new GrantFacts.Unusable(
                Unreadable(connection)
            ),
            GrantRead.Found { Snapshot.Document: { Held: not null, RevocationTime: { } since } } => new GrantFacts.Unusable(
                BeingRevoked(since)
            ),
            GrantRead.Found => new GrantFacts.None(),
            _ => throw new InvalidOperationException($"Unknown look {read.GetType().Name}."),
        };

    /// <summary>A stored grant as decisions see it.</summary>
    public GrantRecord Record(VismaConnection connection, ResolvedClient? client, GrantDocument document, HeldGrant held) => new()
    {
        Family = held.Family,
        Sequence = held.Sequence,
        IsBound = held.Binding.Fits(connection, client),
        GrantTime = held.GrantTime,
        GrantedBy = held.GrantedBy,
        ConsentExpirationTime = RefreshTokenLife.ConsentEnd(held, connection),
        KeepAliveTime = RefreshTokenLife.KeepAliveTime(held),
        RefusalTime = held.RefusalTime,
        OpenElsewhereUntil = tracker.OpenElsewhereUntil(connection.Metadata.NamespacedName, document.Intent),
        IsExchangeOpen = document.Intent is not null,
        IsNoteOutdated = document.DeletionPolicy != connection.Spec.Authorization.DeletionPolicy,
        IsTakeoverToAnnounce = document.Intent is { } intent && tracker.IsToBeAnnounced(connection.Metadata.NamespacedName, intent),
        AccessToken = held.AccessToken.ToRecord(connection),
        AnsweredRequest = held.AccessToken.AnsweredRequest,
        Objection = GrantedTokenCheck.ProblemOf(connection, client, held.AccessToken.AccessToken, held.AccessToken.GrantedScopes),
    };

    /// <summary>
    /// True when the grant is this connection's to spend and to revoke. A restored backup holds a token for which a newer one was stored
    /// since; a copy in another cluster or another namespace is a token that somebody else uses. Spent or revoked here, it would take
    /// theirs with it. A person can say that it is ours.
    /// </summary>
    public bool IsOurs(VismaConnection connection, HeldGrant held) =>
        !(held.IsOfElsewhere(connection.Metadata.NamespacedName, cluster.Id) || held.Sequence < connection.Status.Authorization?.Sequence)
        || IsAdopted(connection, held);

    /// <summary>The grant in a document, for a consent that is about to replace it; null when there is none.</summary>
    public FormerGrant? FormerIn(GrantDocument? document, VismaConnection connection) =>
        document?.Held is { } held ? new FormerGrant(held.Family, IsOurs(connection, held)) : null;

    private GrantFacts Read(VismaConnection connection, ResolvedClient? client, GrantDocument document, HeldGrant held) =>
        IsOurs(connection, held)
            ? new GrantFacts.Held(Record(connection, client, document, held))
            : new GrantFacts.Unusable(UsedElsewhere(held));

    private static bool IsAdopted(VismaConnection connection, HeldGrant held) =>
        connection.Metadata.Annotation(VismaNames.AdoptGrantAnnotation) == held.Sequence.ToString(CultureInfo.InvariantCulture);

    private static Problem Unreadable(VismaConnection connection) =>
        new(
            Reason.ConsentRequired,
            $"Secret {connection.GrantSecretName()} holds a refresh token, and some of the other keys are missing or cannot be "
            + "read, so it is not used. Restore the Secret from a backup if there is one.",
            FailureKind.NeedsConsent
        );

    private static Problem BeingRevoked(DateTimeOffset since) =>
        new(
            Reason.ConsentRequired,
            "The connection was gone for longer than ten minutes, so the grant that it had is being revoked, since "
            + $"{InstantText.Of(since)}, and is not used any more.",
            FailureKind.NeedsConsent
        );

    private static Problem UsedElsewhere(HeldGrant held) =>
        new(
            Reason.GrantUsedElsewhere,
            $"The stored grant (sequence {held.Sequence}) is older than one that was used already, or comes from another cluster or "
            + "namespace; using it could make the provider revoke all of it. "
                + $"If nobody else uses it, annotate the connection with {VismaNames.AdoptGrantAnnotation}={held.Sequence}; else "
                + "consent again.",
            FailureKind.NeedsConsent
        );
}
