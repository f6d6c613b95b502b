using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Grants;

/// <summary>
/// Gathers what is known of a connection's grant. Unlike everything else that a decision rests on, it is read live: a token must not be
/// spent on the word of a cache.
/// </summary>
internal sealed class GrantObserver(
    GrantStore store,
    GrantFactsReader reader,
    HandoffRedeemer handoffs,
    ConsentLinks links,
    KnownGrants known,
    ExchangeTracker tracker,
    PendingGrantWrites pendingGrants
)
{
    /// <summary>Looks, for a connection that acts for a person.</summary>
    public async Task<GrantObservation> ObserveAsync(
        VismaConnection connection,
        ResolvedClient? client,
        CancellationToken cancellationToken
    )
    {
        var read = await store.ReadAsync(connection.Metadata.NamespacedName, cancellationToken);
        var snapshot = (read as GrantRead.Found)?.Snapshot;
        tracker.Saw(connection.Metadata.NamespacedName, snapshot?.Document.Intent);
        if (snapshot is { Document: { Held: { } held, RevocationTime: null } } && reader.IsOurs(connection, held))
        {
            known.Note(connection, held, client);
        }

        if (read is GrantRead.Foreign foreign && pendingGrants.Connections.Contains(connection.Metadata.NamespacedName))
        {
            read = new GrantRead.Foreign(WithTokenPending(foreign.Problem));
        }

        return new GrantObservation(reader.Read(connection, client, read), ConsentOf(connection, snapshot?.Document), snapshot);
    }

    /// <summary>The facts about a grant of this connection that has just been stored.</summary>
    public GrantRecord Stored(VismaConnection connection, ResolvedClient? client, GrantSnapshot stored)
    {
        known.Note(connection, stored.Document.Held!, client);
        return reader.Record(connection, client, stored.Document, stored.Document.Held!);
    }

    /// <summary>As <see cref="GrantFactsReader.FormerIn"/>.</summary>
    public FormerGrant? FormerIn(GrantDocument? document, VismaConnection connection) => reader.FormerIn(document, connection);

    private static Problem WithTokenPending(Problem problem) =>
        problem with
        {
            Message =
                $"{problem.Message} A new refresh token waits in memory and is stored as soon as that is possible. Do not delete the "
                + "operator's pod until then.",
        };

    private ConsentFacts ConsentOf(VismaConnection connection, GrantDocument? document) =>
        new()
        {
            CanInvite = links.CanInvite,
            ConnectArguments = links.ConnectArguments,
            Invitation =
                connection.Status.Authorization is { Url: { } url, UrlExpirationTime: { } expiration }
                && links.IsOurs(url, connection.Metadata.NamespacedName)
                    ? new Invitation(url, expiration)
                    : null,
            HasHandoff = handoffs.HasOne(connection),
            LastFailure = document?.LastFailure,
            RecordedSequence = connection.Status.Authorization?.Sequence,
        };
}

/// <summary>What was seen of a grant.</summary>
/// <param name="Grant">Facts for the policy.</param>
/// <param name="Consent">How a person can consent.</param>
/// <param name="Snapshot">What is stored, to act on; null where nothing may be.</param>
internal sealed record GrantObservation(GrantFacts Grant, ConsentFacts Consent, GrantSnapshot? Snapshot);
