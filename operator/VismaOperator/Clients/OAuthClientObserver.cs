using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Publishing;

namespace VismaOperator.Clients;

/// <summary>
/// Gathers what a client's status is composed of. Asks the provider for its metadata where the spec names no token endpoint.
/// </summary>
internal sealed class OAuthClientObserver(
    ClientResolver resolver,
    CredentialReader reader,
    ClientSecretTracker tracker,
    ProviderEndpoints endpoints,
    Store<VismaConnection> connections,
    ClockWatch clocks
)
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

        var (usable, problem) = resolver.Describe(client);
        var users = connections.FindBy(ClientIndex, client.Metadata.NamespacedName.ToString());
        var situation = new OAuthClientSituation
        {
            Client = client,
            Usable = usable,
            Problem = problem,
            Connections = users.Count,
            Trials = usable is null ? client.Status.ClientSecrets ?? [] : tracker.SnapshotOf(usable).Trials,
        };
        if (usable is null)
        {
            return situation;
        }

        var trial = tracker.Arrange(usable, [.. Candidates(users)]);
        situation = situation with { NextTrialLook = trial?.NextLook, IsTrialPossible = trial is not { IsPossible: false } };
        situation = await WithProviderAsync(situation, usable, cancellationToken);
        return users.Any(user => user.Spec.Grant == Grant.AuthorizationCode)
            ? await WithConsentAsync(situation, usable, cancellationToken)
            : situation;
    }

    private async Task<OAuthClientSituation> WithProviderAsync(
        OAuthClientSituation situation,
        ResolvedClient usable,
        CancellationToken cancellationToken
    )
    {
        var lookup = await endpoints.TokenAsync(usable, cancellationToken);
        var problem = (lookup as EndpointLookup.NotFound)?.Problem;
        // One snapshot for both: a refused secret beside a client that can still be used would report one refusal twice.
        var snapshot = tracker.SnapshotOf(usable);
        return situation with
        {
            LookupProblem = problem,
            ClockAhead = clocks.AheadOf(usable.Issuer),
            TokenEndpoint = (lookup as EndpointLookup.Found)?.Endpoint,
            Working = snapshot.Working,
            Trials = snapshot.Trials,
            Refusal = snapshot.RetryAt is { } retryAt ? RefusalOf(usable, snapshot, retryAt) : null,
            Problem = snapshot.RetryAt is null
                ? problem
                : usable.Explain(
                    RequestFailure.Refused.OfClient(snapshot.Description),
                    new RequestContext(usable.Name.ToString(), string.Empty, string.Empty)
                ),
        };
    }

    // The renewal that is due next is made earlier. A connection without a token asks for one anyway. A refresh token is never spent for a
    // trial.
    private static IEnumerable<NamespacedName> Candidates(IEnumerable<VismaConnection> users) =>
        users
            .Where(user =>
                user.Spec.Grant == Grant.ClientCredentials
                && !user.Spec.Suspend
                && user.Metadata.DeletionTimestamp is null
                && user.Status.Token is not null
                && !IsStalled(user)
            )
            .OrderBy(user => user.Status.Failure is not null)
            .ThenBy(user => user.Status.Token!.RefreshTime)
            .ThenBy(user => user.Metadata.Name, StringComparer.Ordinal)
            .Select(user => user.Metadata.NamespacedName);

    // A person must act before it makes an attempt.
    private static bool IsStalled(VismaConnection user) =>
        ConnectionFactsReader.Problem(user, ConditionType.Stalled) is { Stage: not FailureStage.Authenticating };

    // Only for clients that people consent for: a client for services that declares its token endpoint needs no discovery.
    private async Task<OAuthClientSituation> WithConsentAsync(
        OAuthClientSituation situation,
        ResolvedClient usable,
        CancellationToken cancellationToken
    )
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

    private static RefusalStatus RefusalOf(ResolvedClient usable, ClientSecretSnapshot snapshot, DateTimeOffset retryAt) => new()
    {
        Revision = usable.RecordedRevision,
        Attempts = snapshot.Refusals,
        RetryTime = retryAt,
        Description = snapshot.Description,
    };
}
