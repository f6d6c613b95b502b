using OAuth;
using VismaOperator.Clients;

namespace VismaOperator.Grants;

/// <summary>Has refresh tokens revoked at the provider (RFC 7009): once, bounded, and without being able to hold anything up.</summary>
internal sealed class GrantRevoker(
    IRevocationEndpoint endpoint,
    ProviderEndpoints endpoints,
    ClientSecretTracker tracker,
    TimeProvider time
)
{
    private static readonly TimeSpan timeLimit = TimeSpan.FromSeconds(5);

    /// <summary>Asks for the revocation, for five seconds at the most.</summary>
    /// <returns>Why the token may still be good; null when it was revoked.</returns>
    public async Task<string?> RevokeAsync(ResolvedClient client, Sensitive refreshToken, CancellationToken cancellationToken)
    {
        using var deadline = Deadline.Linked(timeLimit, time, cancellationToken);
        try
        {
            return await endpoints.RevocationAsync(client, deadline.Token) switch
            {
                EndpointLookup.Found found => await TryInOrderAsync(found.Endpoint, client, refreshToken, deadline.Token),
                EndpointLookup.NotFound notFound => notFound.Problem.Reason,
                var lookup => throw new InvalidOperationException($"Unknown lookup {lookup.GetType().Name}."),
            };
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return "the provider did not answer in time";
        }
    }

    private async Task<string?> TryInOrderAsync(
        Uri revocationEndpoint,
        ResolvedClient client,
        Sensitive refreshToken,
        CancellationToken cancellationToken
    )
    {
        var cause = "no client secret could be tried";
        foreach (var credential in tracker.OrderToTry(client))
        {
            var credentials = new ClientCredentials(client.ClientId, credential.Value, client.Method);
            switch (await endpoint.RevokeAsync(revocationEndpoint, credentials, refreshToken, cancellationToken))
            {
                case RevocationOutcome.Revoked:
                    return null;
                case RevocationOutcome.Refused { Error: "invalid_client" }:
                    cause = "the provider refused the client";
                    break;
                case RevocationOutcome.Refused refused:
                    return $"the provider refused with {refused.Error}";
                case RevocationOutcome.Unavailable unavailable:
                    return unavailable.Cause;
                case var outcome:
                    throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}.");
            }
        }

        return cause;
    }
}
