using Kubernetes.Controllers.Caching;
using Lifecycle;
using OAuth;
using VismaOperator.VismaConnections;

namespace VismaOperator.OAuthClients;

/// <summary>Gathers what a client's status is composed of. Asks the provider for its metadata where the spec names no token endpoint.</summary>
internal sealed class OAuthClientObserver(ClientDirectory directory, CredentialReader reader, CredentialBook book, IServerMetadataEndpoint metadata, Store<VismaConnection> connections)
{
    /// <summary>Name of the index that finds connections by the client they reference.</summary>
    public const string ClientIndex = "client";

    /// <summary>The situation; null while a cache that it rests on has not been filled.</summary>
    public async Task<OAuthClientSituation?> ObserveAsync(OAuthClient client, CancellationToken cancellationToken)
    {
        if (!connections.HasSynced || !reader.IsReady(client))
        {
            return null;
        }

        var (usable, problem) = directory.Describe(client);
        var situation = new OAuthClientSituation
        {
            Client = client,
            Usable = usable,
            Problem = problem,
            Connections = connections.FindBy(ClientIndex, client.Metadata.NamespacedName.ToString()).Count,
        };
        return usable is null ? situation : await WithProviderAsync(situation, usable, cancellationToken);
    }

    private async Task<OAuthClientSituation> WithProviderAsync(OAuthClientSituation situation, UsableClient usable, CancellationToken cancellationToken)
    {
        var standing = book.StandingOf(usable);
        var (tokenEndpoint, problem) = await EndpointAsync(usable, cancellationToken);
        return situation with
        {
            TokenEndpoint = tokenEndpoint,
            Working = standing.Working,
            Problem = standing.RetryAt is null ? problem : Refused(usable),
        };
    }

    private async Task<(Uri? Endpoint, Lifecycle.Problem? Problem)> EndpointAsync(UsableClient usable, CancellationToken cancellationToken)
    {
        if (usable.TokenEndpoint is not null)
        {
            return (usable.TokenEndpoint, null);
        }

        return await metadata.GetAsync(usable.Issuer, cancellationToken) switch
        {
            MetadataOutcome.Found found => (found.Metadata.TokenEndpoint, null),
            MetadataOutcome.Unavailable unavailable => (null, MetadataProblems.Unusable(usable.Issuer, unavailable.Cause)),
            MetadataOutcome.Malformed malformed => (null, MetadataProblems.Unusable(usable.Issuer, malformed.Cause)),
            MetadataOutcome.Untrusted untrusted => (null, MetadataProblems.Untrusted(usable.Issuer, untrusted.Cause)),
            var outcome => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
        };
    }

    private static Lifecycle.Problem Refused(UsableClient usable) =>
        Refusal.Explain("invalid_client", description: null, new RefusalContext(usable.Name.ToString(), string.Empty, string.Empty));
}
