using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.Grants;
using VismaOperator.OAuthClients;
using VismaOperator.Rules;

namespace VismaOperator.VismaConnections;

/// <summary>Gathers the facts about one connection from the caches; of a person's grant it asks the API server. It writes nothing.</summary>
internal sealed class ConnectionObserver(SecretNames names, Store<SecretMetadata> secrets, ClientDirectory clients, GrantObserver grants, INamespaces namespaces, AllowLists allowLists)
{
    /// <summary>The facts; null while a cache that they rest on has not been filled.</summary>
    public async Task<Observation?> ObserveAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        if (!secrets.HasSynced || await clients.FindAsync(connection, cancellationToken) is not { } answer)
        {
            return null;
        }

        var isNamespaceGoing = namespaces.IsGoing(connection.Metadata.Namespace ?? string.Empty);
        var grant = await grants.ObserveAsync(connection, answer.Client, cancellationToken);
        var facts = new Facts
        {
            Connection = ConnectionFactsReader.Read(connection, allowLists, isNamespaceGoing) with
            {
                RequestTurn = answer.RequestTurn,
                SharesSecretNameWith = names.OthersAskingFor(connection),
            },
            Client = answer.Facts,
            Secret = names.WhoseIs(connection),
            Grant = grant.Grant,
            Consent = grant.Consent,
            Token = ConnectionFactsReader.Token(connection),
            Failure = ConnectionFactsReader.Failure(connection),
        };
        return new Observation(facts, answer.Client, grant.Snapshot);
    }
}

/// <summary>What was observed: facts for the policy, the client to act with when it can be used, and the grant as it is stored.</summary>
internal sealed record Observation(Facts Facts, UsableClient? Client, GrantSnapshot? Grant);
