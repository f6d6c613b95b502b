using Lifecycle;
using OAuth;
using Problem = Lifecycle.Problem;

namespace VismaOperator.OAuthClients;

/// <summary>Asks the provider for a token with a client's secrets, in the order that <see cref="CredentialBook"/> gives.</summary>
internal sealed class ClientTokenSource(ITokenEndpoint endpoint, IServerMetadataEndpoint metadata, CredentialBook book)
{
    private const string InvalidClient = "invalid_client";

    /// <summary>One attempt: one request, or one for each secret when the provider refuses the client.</summary>
    public async Task<TokenAttempt> RequestAsync(UsableClient client, TokenRequest request, RefusalContext context, CancellationToken cancellationToken)
    {
        var (tokenEndpoint, problem) = await EndpointOfAsync(client, cancellationToken);
        if (tokenEndpoint is null)
        {
            return problem!;
        }

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
        if (outcome is TokenOutcome.Granted or TokenOutcome.Refused { Error: "invalid_scope" or "unauthorized_client" or "invalid_tenant" })
        {
            book.Accepted(client, credential);
        }

        return outcome switch
        {
            TokenOutcome.Granted granted => new TokenAttempt(granted.Tokens),
            TokenOutcome.Refused refused => new TokenAttempt(Refusal.Explain(refused.Error, refused.Description, context), refused.RetryAfter),
            TokenOutcome.Unavailable unavailable => new TokenAttempt(Unavailable(client, unavailable.Cause), unavailable.RetryAfter),
            TokenOutcome.Malformed malformed => new TokenAttempt(NotUnderstood(client, malformed.Cause), null),
            _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
        };
    }

    private async Task<(Uri? Endpoint, TokenAttempt? Problem)> EndpointOfAsync(UsableClient client, CancellationToken cancellationToken)
    {
        if (client.TokenEndpoint is not null)
        {
            return (client.TokenEndpoint, null);
        }

        return await metadata.GetAsync(client.Issuer, cancellationToken) switch
        {
            MetadataOutcome.Found found => (found.Metadata.TokenEndpoint, null),
            MetadataOutcome.Unavailable unavailable => (null, new TokenAttempt(MetadataProblems.Unusable(client.Issuer, unavailable.Cause), unavailable.RetryAfter)),
            MetadataOutcome.Malformed malformed => (null, new TokenAttempt(MetadataProblems.Unusable(client.Issuer, malformed.Cause), null)),
            MetadataOutcome.Untrusted untrusted => (null, new TokenAttempt(MetadataProblems.Untrusted(client.Issuer, untrusted.Cause), null)),
            var outcome => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
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

/// <summary>Problems with a provider's metadata, in words.</summary>
internal static class MetadataProblems
{
    /// <summary>It cannot be had or read now.</summary>
    public static Problem Unusable(Uri issuer, string cause) =>
        new(Reason.MetadataUnusable, $"The discovery document of {issuer} cannot be used: {cause}. It is tried again by itself; with spec.endpoints.token set, it is not needed.");

    /// <summary>It names somebody else.</summary>
    public static Problem Untrusted(Uri issuer, string cause) =>
        new(Reason.MetadataUntrusted, $"The discovery document of {issuer} is not trusted: {cause}. Correct spec.issuer, or have the administrator allow the host by --allowed-issuers.");
}
