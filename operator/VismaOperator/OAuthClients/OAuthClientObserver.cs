using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.VismaConnections;
using Problem = Lifecycle.Problem;

namespace VismaOperator.OAuthClients;

/// <summary>Gathers what a client's status is composed of. Asks the provider for its metadata where the spec names no token endpoint.</summary>
internal sealed class OAuthClientObserver(ClientDirectory directory, CredentialReader reader, CredentialBook book, ProviderEndpoints endpoints, Store<VismaConnection> connections, ClockWatch clocks)
{
    /// <summary>Name of the index that finds connections by the client they reference.</summary>
    public const string ClientIndex = "client";

    /// <summary>The situation; null while a cache that it rests on has not been filled.</summary>
    public async Task<OAuthClientSituation?> ObserveAsync(OAuthClient client, CancellationToken cancellationToken)
    {
        if (!connections.HasSyncedIn(client.Metadata.Namespace ?? string.Empty) || !reader.IsReady(client))
        {
            return null;
        }

        var (usable, problem) = directory.Describe(client);
        var users = connections.FindBy(ClientIndex, client.Metadata.NamespacedName.ToString());
        var situation = new OAuthClientSituation
        {
            Client = client,
            Usable = usable,
            Problem = problem,
            Connections = users.Count,
        };
        if (usable is null)
        {
            return situation;
        }

        situation = await WithProviderAsync(situation, usable, cancellationToken);
        return users.Any(user => user.Spec.Grant == Grant.AuthorizationCode) ? await WithConsentAsync(situation, usable, cancellationToken) : situation;
    }

    private async Task<OAuthClientSituation> WithProviderAsync(OAuthClientSituation situation, UsableClient usable, CancellationToken cancellationToken)
    {
        var standing = book.StandingOf(usable);
        var lookup = await endpoints.TokenAsync(usable, cancellationToken);
        var problem = (lookup as EndpointLookup.NotFound)?.Problem;
        return situation with
        {
            LookupProblem = problem,
            ClockAhead = clocks.AheadOf(usable.Issuer),
            TokenEndpoint = (lookup as EndpointLookup.Found)?.Endpoint,
            Working = standing.Working,
            Refusal = standing.RetryAt is { } retryAt ? new RefusalStatus { Revision = usable.Revision, Attempts = standing.Refusals, RetryTime = retryAt } : null,
            Problem = standing.RetryAt is null ? problem : Refused(usable),
        };
    }

    // Asked for only where somebody consents: with a token endpoint of its own, a client for services needs no discovery.
    private async Task<OAuthClientSituation> WithConsentAsync(OAuthClientSituation situation, UsableClient usable, CancellationToken cancellationToken)
    {
        var authorization = await endpoints.AuthorizationAsync(usable, cancellationToken);
        var revocation = await endpoints.RevocationAsync(usable, cancellationToken);
        var problem = (authorization as EndpointLookup.NotFound)?.Problem;
        return situation with
        {
            LookupProblem = situation.LookupProblem ?? problem,
            AuthorizationEndpoint = (authorization as EndpointLookup.Found)?.Endpoint,
            RevocationEndpoint = (revocation as EndpointLookup.Found)?.Endpoint,
            Problem = situation.Problem ?? problem,
        };
    }

    private static Problem Refused(UsableClient usable) =>
        Refusal.Explain("invalid_client", description: null, new RefusalContext(usable.Name.ToString(), string.Empty, string.Empty));
}
