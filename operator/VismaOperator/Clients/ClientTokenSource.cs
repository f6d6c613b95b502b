using System.Globalization;
using System.Net;
using Lifecycle;
using OAuth;

namespace VismaOperator.Clients;

/// <summary>Asks the provider for a token with a client's secrets, in the order that <see cref="ClientSecretTracker"/> gives.</summary>
internal sealed class ClientTokenSource(
    ITokenEndpoint endpoint,
    ProviderEndpoints endpoints,
    ClientSecretTracker tracker,
    ClockWatch clocks
)
{
    private const string InvalidClient = "invalid_client";

    /// <summary>
    /// One attempt at the endpoint that the client's provider names now: one request, or one for each secret when the provider refuses the
    /// client.
    /// </summary>
    public async Task<TokenAttempt> RequestAsync(
        ResolvedClient client,
        TokenRequest request,
        RefusalContext context,
        CancellationToken cancellationToken
    ) =>
        await endpoints.TokenAsync(client, cancellationToken) switch
        {
            EndpointLookup.Found found => await RequestAsync(client, found.Endpoint, request, context, cancellationToken),
            EndpointLookup.NotFound notFound => new TokenAttempt(notFound.Problem, notFound.RetryAfter),
            var lookup => throw new InvalidOperationException($"Unknown lookup {lookup.GetType().Name}."),
        };

    /// <summary>One attempt at an endpoint that was looked up before: what is sent is bound to it.</summary>
    public async Task<TokenAttempt> RequestAsync(
        ResolvedClient client,
        Uri tokenEndpoint,
        TokenRequest request,
        RefusalContext context,
        CancellationToken cancellationToken
    )
    {
        var ask = new Ask(tokenEndpoint, client, request, context);
        var seen = tracker.SnapshotOf(client);

        // Where none is known to work, the order is walked under the proof, the changed one first.
        return request is TokenRequest.ClientCredentialsGrant && seen.Working is not null && tracker.ClaimTrial(client) is { } changed
            ? await TryChangedAsync(ask, changed, seen, cancellationToken)
            : await TryKnownAsync(ask, Refused.None, seen, cancellationToken);
    }

    // Before the others, whichever works: the person who changed it is waiting, and the old one may still work today.
    private async Task<TokenAttempt> TryChangedAsync(
        Ask ask,
        Credential changed,
        ClientSecretSnapshot seen,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var outcome = await SendAsync(ask, changed, cancellationToken);
            return outcome is TokenOutcome.Refused { Error: InvalidClient } refusal
                ? await TryKnownAsync(ask, new Refused([changed], refusal), seen, cancellationToken)
                : Conclude(ask, changed, outcome);
        }
        finally
        {
            tracker.ReleaseTrial(ask.Client);
        }
    }

    private Task<TokenAttempt> TryKnownAsync(Ask ask, Refused before, ClientSecretSnapshot seen, CancellationToken cancellationToken) =>
        ask.Client.Credentials.Except(before.Tried).FirstOrDefault(credential => credential.Reference == seen.Working) is { } working
            ? TryWorkingAsync(ask, working, before, seen, cancellationToken)
            : TryAllAsync(ask, before, seen, cancellationToken);

    // Where a secret is known to work there is nothing to wait for.
    private async Task<TokenAttempt> TryWorkingAsync(
        Ask ask,
        Credential working,
        Refused before,
        ClientSecretSnapshot seen,
        CancellationToken cancellationToken
    )
    {
        var outcome = await SendAsync(ask, working, cancellationToken);
        return outcome is TokenOutcome.Refused { Error: InvalidClient } refusal
            ? await TryAllAsync(ask, new Refused([.. before.Tried, working], refusal), seen, cancellationToken)
            : Conclude(ask, working, outcome);
    }

    private async Task<TokenAttempt> TryAllAsync(Ask ask, Refused before, ClientSecretSnapshot seen, CancellationToken cancellationToken)
    {
        using var proof = await tracker.EnterProbeAsync(ask.Client, seen, cancellationToken);
        if (proof.WasRefusedMeanwhile)
        {
            return new TokenAttempt(ask.Client.Refused(tracker.SnapshotOf(ask.Client).Description, ask.Context), before.Last?.RetryAfter);
        }

        if (!proof.IsWorkingKnown)
        {
            return await TryInOrderAsync(ask, before, cancellationToken);
        }

        proof.Dispose();
        return await TryInOrderAsync(ask, Refused.None, cancellationToken);
    }

    private async Task<TokenAttempt> TryInOrderAsync(Ask ask, Refused before, CancellationToken cancellationToken)
    {
        var seen = tracker.SnapshotOf(ask.Client);
        var (tried, last) = (before.Tried.ToList(), before.Last);
        foreach (var credential in tracker.OrderToTry(ask.Client).Except(before.Tried))
        {
            var outcome = await SendAsync(ask, credential, cancellationToken);
            if (outcome is not TokenOutcome.Refused { Error: InvalidClient } refusal)
            {
                return Conclude(ask, credential, outcome);
            }

            tried.Add(credential);
            last = refusal;
        }

        tracker.AllRefused(ask.Client, tried, seen, last?.Description);
        return new TokenAttempt(ask.Client.Refused(last?.Description, ask.Context), last?.RetryAfter);
    }

    private async Task<TokenOutcome> SendAsync(Ask ask, Credential credential, CancellationToken cancellationToken)
    {
        // Some servers fail on such a form, and what they answer then says nothing about the secret.
        if (!SecretOddities.CanBeSent(credential.Value))
        {
            tracker.Refused(ask.Client, credential);
            return new TokenOutcome.Refused(InvalidClient, Description: null, HttpStatusCode.Unauthorized, RetryAfter: null);
        }

        var credentials = new ClientCredentials(ask.Client.ClientId, credential.Value, ask.Client.Method);
        var outcome = await endpoint.RequestAsync(ask.Endpoint, credentials, ask.Request, cancellationToken);
        clocks.Observe(ask.Client.Issuer, outcome.Clock);
        if (outcome is TokenOutcome.Refused { Error: InvalidClient })
        {
            tracker.Refused(ask.Client, credential);
        }

        return outcome;
    }

    private TokenAttempt Conclude(Ask ask, Credential credential, TokenOutcome outcome)
    {
        var (_, client, _, context) = ask;

        // Whoever is told that the scope is wrong was recognised as a client.
        if (
            outcome
            is TokenOutcome.Granted
                or TokenOutcome.Refused { Error: "invalid_scope" or "unauthorized_client" or "invalid_tenant" or "invalid_grant" }
        )
        {
            tracker.Accepted(client, credential);
        }

        return outcome switch
        {
            TokenOutcome.Granted granted => new TokenAttempt(granted.Tokens),
            TokenOutcome.Refused refused => new TokenAttempt(
                Refusal.Explain(refused.Error, refused.Description, context),
                refused.RetryAfter
            ),
            TokenOutcome.Unavailable unavailable => new TokenAttempt(Unavailable(client, unavailable.Cause), unavailable.RetryAfter),
            TokenOutcome.Malformed malformed => new TokenAttempt(NotUnderstood(client, malformed.Cause), null)
            {
                RefreshToken = malformed.RefreshToken,
            },
            _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
        };
    }

    private static Problem Unavailable(ResolvedClient client, string cause) =>
        new(
            Reason.ProviderUnavailable,
            $"The provider {client.Issuer.Host} cannot be used now: {cause}. It is tried again by itself; if this lasts, look at its "
            + "status page and at the network between."
        );

    private static Problem NotUnderstood(ResolvedClient client, string cause) =>
        new(
            Reason.AnswerNotUnderstood,
            $"The answer of {client.Issuer.Host} was not understood: {cause}. It is tried again by itself; check that the token "
            + "endpoint is right and that no proxy answers in its place."
        );

    /// <summary>What one attempt asks, whatever secret it is asked with.</summary>
    private sealed record Ask(Uri Endpoint, ResolvedClient Client, TokenRequest Request, RefusalContext Context);

    /// <summary>The secrets that this attempt was refused with, and the last refusal.</summary>
    private sealed record Refused(IReadOnlyList<Credential> Tried, TokenOutcome.Refused? Last)
    {
        public static Refused None { get; } = new([], Last: null);
    }
}

/// <summary>What one attempt to get a token gave: tokens, or a problem.</summary>
internal sealed record TokenAttempt(TokenSet? Tokens, Problem? Problem, TimeSpan? RetryAfter)
{
    /// <summary>
    /// The refresh token of an answer that was otherwise of no use; where such tokens work once, it is the only one that still works.
    /// </summary>
    public Sensitive? RefreshToken { get; init; }

    /// <summary>The provider did not answer within the deadline of whoever asked; the request may have been processed.</summary>
    public static TokenAttempt NoAnswer(ResolvedClient client, TimeSpan deadline) =>
        new(
            new Problem(
                Reason.ProviderUnavailable,
                $"The provider {client.Issuer.Host} did not answer within "
                + $"{deadline.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s. It is tried again by itself; if this "
                + "lasts, look at its status page and at the network between."
            ),
            retryAfter: null
        );

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
