using Lifecycle;
using OAuth;
using Problem = Lifecycle.Problem;

namespace VismaOperator.OAuthClients;

/// <summary>Asks the provider for a token with a client's secrets, in the order that <see cref="CredentialBook"/> gives.</summary>
internal sealed class ClientTokenSource(ITokenEndpoint endpoint, ProviderEndpoints endpoints, CredentialBook book)
{
    private const string InvalidClient = "invalid_client";

    /// <summary>One attempt at the endpoint that the client's provider names now: one request, or one for each secret when the provider refuses the client.</summary>
    public async Task<TokenAttempt> RequestAsync(UsableClient client, TokenRequest request, RefusalContext context, CancellationToken cancellationToken) =>
        await endpoints.TokenAsync(client, cancellationToken) switch
        {
            EndpointLookup.Found found => await RequestAsync(client, found.Endpoint, request, context, cancellationToken),
            EndpointLookup.NotFound notFound => new TokenAttempt(notFound.Problem, notFound.RetryAfter),
            var lookup => throw new InvalidOperationException($"Unknown lookup {lookup.GetType().Name}."),
        };

    /// <summary>One attempt at an endpoint that was looked up before: what is sent is bound to it.</summary>
    public async Task<TokenAttempt> RequestAsync(UsableClient client, Uri tokenEndpoint, TokenRequest request, RefusalContext context, CancellationToken cancellationToken)
    {
        using var proof = await book.EnterProofAsync(client, cancellationToken);
        if (proof.WasRefusedMeanwhile)
        {
            return new TokenAttempt(Refusal.Explain(InvalidClient, description: null, context), retryAfter: null);
        }

        if (proof.IsWorkingKnown)
        {
            proof.Dispose();
        }

        return await TryInOrderAsync(tokenEndpoint, client, request, context, cancellationToken);
    }

    private async Task<TokenAttempt> TryInOrderAsync(Uri tokenEndpoint, UsableClient client, TokenRequest request, RefusalContext context, CancellationToken cancellationToken)
    {
        var tried = new List<Credential>();
        TokenOutcome.Refused? refused = null;
        foreach (var credential in book.OrderToTry(client))
        {
            var credentials = new ClientCredentials(client.ClientId, credential.Value, client.Method);
            var outcome = await endpoint.RequestAsync(tokenEndpoint, credentials, request, cancellationToken);
            if (outcome is not TokenOutcome.Refused { Error: InvalidClient } refusal)
            {
                return Conclude(client, credential, outcome, context);
            }

            tried.Add(credential);
            refused = refusal;
        }

        book.AllRefused(client, tried);
        return new TokenAttempt(Refusal.Explain(InvalidClient, refused?.Description, context), refused?.RetryAfter);
    }

    private TokenAttempt Conclude(UsableClient client, Credential credential, TokenOutcome outcome, RefusalContext context)
    {
        // Whoever is told that the scope is wrong was recognised as a client.
        if (outcome is TokenOutcome.Granted or TokenOutcome.Refused { Error: "invalid_scope" or "unauthorized_client" or "invalid_tenant" or "invalid_grant" })
        {
            book.Accepted(client, credential);
        }

        return outcome switch
        {
            TokenOutcome.Granted granted => new TokenAttempt(granted.Tokens),
            TokenOutcome.Refused refused => new TokenAttempt(Refusal.Explain(refused.Error, refused.Description, context), refused.RetryAfter),
            TokenOutcome.Unavailable unavailable => new TokenAttempt(Unavailable(client, unavailable.Cause), unavailable.RetryAfter),
            TokenOutcome.Malformed malformed => new TokenAttempt(NotUnderstood(client, malformed.Cause), null) { RefreshToken = malformed.RefreshToken },
            _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
        };
    }

    private static Problem Unavailable(UsableClient client, string cause) =>
        new(Reason.ProviderUnavailable, $"The provider {client.Issuer.Host} cannot be used now: {cause}. It is tried again by itself; if this lasts, look at its status page and at the network between.");

    private static Problem NotUnderstood(UsableClient client, string cause) =>
        new(Reason.AnswerNotUnderstood, $"The answer of {client.Issuer.Host} was not understood: {cause}. It is tried again by itself; check that the token endpoint is right and that no proxy answers in its place.");
}

/// <summary>What one attempt to get a token gave: tokens, or a problem.</summary>
internal sealed record TokenAttempt(TokenSet? Tokens, Problem? Problem, TimeSpan? RetryAfter)
{
    /// <summary>The refresh token of an answer that was otherwise of no use; where such tokens work once, it is the only one that still works.</summary>
    public Sensitive? RefreshToken { get; init; }

    /// <summary>The provider did not answer within the deadline of whoever asked; the request may have been processed.</summary>
    public static TokenAttempt NoAnswer(UsableClient client, TimeSpan deadline) => new(
        new Problem(
            Reason.ProviderUnavailable,
            $"The provider {client.Issuer.Host} did not answer within {deadline.TotalSeconds:0} s. It is tried again by itself; if this lasts, look at its status page and at the network between."),
        retryAfter: null);

    /// <summary>The provider granted.</summary>
    public TokenAttempt(TokenSet tokens)
        : this(tokens, Problem: null, RetryAfter: null)
    {
    }

    /// <summary>The provider, or the way to it, did not.</summary>
    public TokenAttempt(Problem problem, TimeSpan? retryAfter)
        : this(Tokens: null, problem, retryAfter)
    {
    }
}
