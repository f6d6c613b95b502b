using System.Globalization;
using Lifecycle;
using VismaOperator.OAuthClients;
using VismaOperator.VismaConnections;
using Problem = Lifecycle.Problem;

namespace VismaOperator.Grants;

/// <summary>Reads what the policy needs from a stored grant.</summary>
internal sealed class GrantFactsReader(OpenExchanges open, ClusterIdentity cluster)
{
    /// <summary>The facts.</summary>
    /// <param name="connection">Whose grant it is.</param>
    /// <param name="client">Its client; null while it cannot be used.</param>
    /// <param name="read">What is stored.</param>
    public GrantFacts Read(VismaConnection connection, UsableClient? client, GrantRead read) => read switch
    {
        GrantRead.Foreign foreign => new GrantFacts.Unusable(foreign.Problem),
        GrantRead.Found { Snapshot.Document: { Held: { } held, RevocationTime: null } document } => Read(connection, client, document, held),
        GrantRead.Found { Snapshot.Document: { IsGrantUnreadable: true, RevocationTime: null } } => new GrantFacts.Unusable(Unreadable(connection)),
        GrantRead.Found found => new GrantFacts.None(ProblemOf(found.Snapshot.Document.Outcome)),
        _ => throw new InvalidOperationException($"Unknown look {read.GetType().Name}."),
    };

    /// <summary>A stored grant as decisions see it.</summary>
    public GrantRecord Record(VismaConnection connection, UsableClient? client, GrantDocument document, HeldGrant held) => new()
    {
        Family = held.Family,
        Sequence = held.Sequence,
        IsBound = held.Binding.Fits(connection, client),
        GrantTime = held.GrantTime,
        GrantedBy = held.GrantedBy,
        ConsentExpirationTime = RefreshTokenLife.ConsentEnd(held, connection),
        KeepAliveTime = RefreshSchedule.KeepAliveTime(held.AccessToken.IssueTime, held.RefreshTokenExpirationTime),
        RefusalTime = held.RefusalTime,
        HeldElsewhereUntil = open.HeldElsewhereUntil(document.Intent),
        IsExchangeOpen = document.Intent is not null,
        AccessToken = new HeldToken
        {
            IssueTime = held.AccessToken.IssueTime,
            ExpirationTime = held.AccessToken.ExpirationTime,
            RefreshTime = ConnectionFactsReader.RefreshTime(connection, held.AccessToken.IssueTime, held.AccessToken.ExpirationTime),
            Inputs = held.AccessToken.Inputs,
            Fingerprint = TokenSecret.Fingerprint(TokenSecretData.Render(connection, held.AccessToken)),
        },
    };

    private GrantFacts Read(VismaConnection connection, UsableClient? client, GrantDocument document, HeldGrant held) =>
        IsOfElsewhere(connection, held) && !IsAdopted(connection, held)
            ? new GrantFacts.Unusable(UsedElsewhere(held))
            : new GrantFacts.Held(Record(connection, client, document, held), LaterOutcome: ProblemOf(document.Outcome));

    private static Problem? ProblemOf(ConsentOutcome? outcome) => outcome is null ? null : new Problem(outcome.Reason, outcome.Message);

    // A backup that was restored holds a token whose successor was stored since; a copy in another cluster will have one there.
    private bool IsOfElsewhere(VismaConnection connection, HeldGrant held) =>
        held.Binding.IsOfAnotherCluster(cluster.Id) || held.Sequence < connection.Status.Authorization?.Sequence;

    private static bool IsAdopted(VismaConnection connection, HeldGrant held) =>
        connection.Metadata.Annotation(VismaNames.AdoptGrantAnnotation) == held.Sequence.ToString(CultureInfo.InvariantCulture);

    private static Problem Unreadable(VismaConnection connection) => new(
        Reason.ConsentRequired,
        $"Secret {connection.GrantSecretName()} holds a refresh token, and some of what stood beside it is missing or cannot be read, so it is not used. Restore the Secret from a backup if there is one.");

    private static Problem UsedElsewhere(HeldGrant held) => new(
        Reason.GrantUsedElsewhere,
        $"The stored grant (sequence {held.Sequence}) is older than one that was used already, or comes from another cluster; using it could make the provider revoke all of it. "
        + $"If nobody else uses it, annotate the connection with {VismaNames.AdoptGrantAnnotation}={held.Sequence}; else consent anew.");
}
