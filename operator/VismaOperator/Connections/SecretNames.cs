using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Publishing;

namespace VismaOperator.Connections;

/// <summary>
/// Which connection asks for which Secret name, and which Secret has that name. Labelled Secrets are watched. A Secret that blocks a
/// connection is watched by name, so its deletion is an event for the connection that waits for the name.
/// </summary>
internal sealed class SecretNames
{
    private const string NameIndex = "secret name";
    private const string BlockedIndex = "blocked";

    private readonly Store<VismaConnection> connections;
    private readonly Store<OAuthClient> clients;
    private readonly Store<SecretMetadata> secrets;
    private readonly WatchSet<SecretMetadata> obstacles;

    /// <summary>Adds the indexes that it looks things up by.</summary>
    /// <param name="connections">Who asks for names.</param>
    /// <param name="clients">Whose credentials are in Secrets.</param>
    /// <param name="secrets">The labelled Secrets.</param>
    /// <param name="obstacles">Foreign Secrets that have the name that a connection asks for, labelled or not.</param>
    public SecretNames(
        Store<VismaConnection> connections,
        Store<OAuthClient> clients,
        Store<SecretMetadata> secrets,
        WatchSet<SecretMetadata> obstacles)
    {
        (this.connections, this.clients, this.secrets, this.obstacles) = (connections, clients, secrets, obstacles);
        connections.AddIndex(NameIndex, connection => [connection.SecretName().ToString()]);
        connections.AddIndex(BlockedIndex, connection => IsBlocked(connection) ? [string.Empty] : []);
        clients.AddIndex(CredentialReader.Index, client => CredentialReader.ReferencesOf(client).Select(name => name.ToString()));
    }

    /// <summary>
    /// What is known of the Secret that a connection asks for. A name that a client reads its credentials from is the client's, unless the
    /// connection has it already: somebody who may create clients must not take a Secret from a connection by naming it.
    /// </summary>
    public SecretFacts WhoseIs(VismaConnection connection)
    {
        var name = connection.SecretName();
        var whose = Judge(name, connection);
        return ClientsReading(name) is [var client, ..] && !Has(connection, whose)
            ? new SecretFacts.Foreign(SecretOwnership.HoldsCredentials(name, client.Metadata.Name))
            : whose;
    }

    /// <summary>Names of other connections that ask for the same Secret, in order.</summary>
    public IReadOnlyList<string> OthersAskingFor(VismaConnection connection)
    {
        var asking = connections.FindBy(NameIndex, connection.SecretName().ToString());
        return asking is [var only] && only.Metadata.Name == connection.Metadata.Name
            ? []
            : [.. asking
                .Select(other => other.Metadata.Name)
                .Where(other => other != connection.Metadata.Name)
                .Order(StringComparer.Ordinal)];
    }

    /// <summary>The connections that ask for a Secret.</summary>
    public IEnumerable<NamespacedName> AskingFor(NamespacedName secret) =>
        connections.FindBy(NameIndex, secret.ToString()).Select(connection => connection.Metadata.NamespacedName);

    /// <summary>The clients that read credentials from a Secret.</summary>
    public IReadOnlyList<OAuthClient> ClientsReading(NamespacedName secret) => clients.FindBy(CredentialReader.Index, secret.ToString());

    /// <summary>
    /// Who in the namespace of a Secret asks for its name, in words: a copy from another namespace does not take it. Null when nobody does.
    /// </summary>
    public string? ClaimOn(NamespacedName secret) =>
        connections.FindBy(NameIndex, secret.ToString()) is [var connection, ..]
            ? $"VismaConnection {connection.Metadata.NamespacedName} asks for that name"
        : ClientsReading(secret) is [var client, ..]
            ? $"OAuthClient {client.Metadata.NamespacedName} reads its credentials from a Secret of that name"
        : null;

    /// <summary>
    /// Watches exactly the foreign Secrets that block connections, after a change of a connection that may have changed which these are.
    /// </summary>
    public void Follow(StoreChange<VismaConnection> change)
    {
        if (Obstacle(change.Before) != Obstacle(change.After))
        {
            obstacles.Follow(connections.FindBy(BlockedIndex, string.Empty).Select(connection => connection.SecretName()).ToHashSet());
        }
    }

    private SecretFacts Judge(NamespacedName name, VismaConnection connection) =>
        (secrets.Find(name), obstacles.Find(name)) switch
        {
            ({ } labelled, _) => SecretInspector.Whose(labelled.Metadata, connection),
            (null, Watched<SecretMetadata>.Present present) => SecretInspector.Whose(present.Resource.Metadata, connection),
            (null, Watched<SecretMetadata>.Missing) => new SecretFacts.Absent(IsCertain: true),
            _ => new SecretFacts.Absent { IsDisputed = IsBlocked(connection) },
        };

    // A Secret that was deleted, or lost its label, is restored under the name that status records.
    private static bool Has(VismaConnection connection, SecretFacts whose) => whose switch
    {
        SecretFacts.Owned or SecretFacts.Terminating => true,
        SecretFacts.Absent => connection.Status.SecretName == connection.SecretName().Name,
        _ => false,
    };

    private static NamespacedName? Obstacle(VismaConnection? connection) =>
        connection is not null && IsBlocked(connection) ? connection.SecretName() : null;

    // A foreign Secret that was seen leaves no failed attempt on record, only the problem.
    private static bool IsBlocked(VismaConnection connection) =>
        ConnectionFactsReader.Failure(connection)?.Stage == FailureStage.WritingTakenName
        || ConnectionFactsReader.Problem(connection, ConditionType.Stalled)?.Stage == FailureStage.WritingTakenName;
}
