using System.Globalization;
using System.Net;
using Lifecycle;
using OAuth;

namespace VismaOperator.Clients;

/// <summary>Asks the provider for a token with a client's secrets, in the order that <see cref="ClientSecretTracker"/> gives.</summary>
internal sealed class ClientTokenSource(ITokenEndpoint endpoint, ClientSecretTracker tracker, ClockWatch clocks)
{
    private const string InvalidClient = "invalid_client";

    /// <summary>
    /// One attempt: one request, or one for each secret while the provider refuses the client. <c>invalid_client</c> means that every
    /// secret was refused, by this attempt or by one that ran at the same time.
    /// </summary>
    public async Task<TokenOutcome> RequestAsync(
        ResolvedClient client,
        Uri tokenEndpoint,
        TokenRequest request,
        CancellationToken cancellationToken
    )
    {
        var ask = new Ask(tokenEndpoint, client, request);
        var seen = tracker.SnapshotOf(client);
        if (seen.RetryAt is not null && client.Seen is { } before && before.StateRevision != seen.StateRevision)
        {
            // Refused since the connection decided to ask: it waits as if it had known.
            return InvalidClientOutcome(seen.Description, retryAfter: null);
        }

        try
        {
            // Where none is known to work, the order is walked under the proof, the changed one first.
            return request is TokenRequest.ClientCredentialsGrant && seen.Working is not null && tracker.ClaimTrial(client) is { } changed
                ? await TryChangedAsync(ask, changed, seen, cancellationToken)
                : await TryKnownAsync(ask, Refused.None, seen, cancellationToken);
        }
        finally
        {
            tracker.TellTrials(client, ask.TakeRefused());
        }
    }

    // Before the others, whichever works: the person who changed it is waiting, and the old one may still work today.
    private async Task<TokenOutcome> TryChangedAsync(
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
            tracker.ReleaseTrial(ask.Client, ask.TakeRefused());
        }
    }

    private Task<TokenOutcome> TryKnownAsync(Ask ask, Refused before, ClientSecretSnapshot seen, CancellationToken cancellationToken) =>
        ask.Client.Credentials.Except(before.Tried).FirstOrDefault(credential => credential.Reference == seen.Working) is { } working
            ? TryWorkingAsync(ask, working, before, seen, cancellationToken)
            : TryAllAsync(ask, before, seen, cancellationToken);

    // Where a secret is known to work there is nothing to wait for.
    private async Task<TokenOutcome> TryWorkingAsync(
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

    private async Task<TokenOutcome> TryAllAsync(Ask ask, Refused before, ClientSecretSnapshot seen, CancellationToken cancellationToken)
    {
        using var proof = await tracker.EnterProbeAsync(ask.Client, seen, cancellationToken);
        if (proof.WasRefusedMeanwhile)
        {
            return InvalidClientOutcome(tracker.SnapshotOf(ask.Client).Description, before.Last?.RetryAfter);
        }

        if (!proof.IsWorkingKnown)
        {
            return await TryInOrderAsync(ask, before, cancellationToken);
        }

        proof.Dispose();
        return await TryInOrderAsync(ask, Refused.None, cancellationToken);
    }

    private async Task<TokenOutcome> TryInOrderAsync(Ask ask, Refused before, CancellationToken cancellationToken)
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

        _ = ask.TakeRefused();
        tracker.AllRefused(ask.Client, tried, seen, last?.Description);
        return InvalidClientOutcome(last?.Description, last?.RetryAfter);
    }

    private async Task<TokenOutcome> SendAsync(Ask ask, Credential credential, CancellationToken cancellationToken)
    {
        // Some servers fail on such a form, and what they answer then says nothing about the secret.
        if (!SecretOddities.CanBeSent(credential.Value))
        {
            ask.Add(credential);
            return InvalidClientOutcome(description: null, retryAfter: null);
        }

        var credentials = new ClientCredentials(ask.Client.ClientId, credential.Value, ask.Client.Method);
        var outcome = await endpoint.RequestAsync(ask.Endpoint, credentials, ask.Request, cancellationToken);
        clocks.Observe(ask.Client.Issuer, outcome.Clock);
        if (outcome is TokenOutcome.Refused { Error: InvalidClient })
        {
            ask.Add(credential);
        }

        return outcome;
    }

    private TokenOutcome Conclude(Ask ask, Credential credential, TokenOutcome outcome)
    {
        // Whoever is told that the scope is wrong was recognised as a client.
        if (
            outcome
            is TokenOutcome.Granted
                or TokenOutcome.Refused { Error: "invalid_scope" or "unauthorized_client" or "invalid_tenant" or "invalid_grant" }
        )
        {
            tracker.Accepted(ask.Client, credential, ask.TakeRefused());
        }

        return outcome;
    }

    private static TokenOutcome.Refused InvalidClientOutcome(string? description, TimeSpan? retryAfter) =>
        new(InvalidClient, description, HttpStatusCode.Unauthorized, retryAfter);

    /// <summary>What one attempt asks, whatever secret it is asked with.</summary>
    private sealed record Ask(Uri Endpoint, ResolvedClient Client, TokenRequest Request)
    {
        private List<Credential> refused = [];

        /// <summary>The provider refused this secret. Others learn it with the outcome.</summary>
        public void Add(Credential credential) => refused.Add(credential);

        /// <summary>The secrets that were refused and are not on record yet.</summary>
        public IReadOnlyList<Credential> TakeRefused() => Interlocked.Exchange(ref refused, []);
    }

    /// <summary>The secrets that this attempt was refused with, and the last refusal.</summary>
    private sealed record Refused(IReadOnlyList<Credential> Tried, TokenOutcome.Refused? Last)
    {
        public static Refused None { get; } = new([], Last: null);
    }
}

/// <summary>Where the protocol meets the policy: the one place that maps outcomes of requests to what decisions read.</summary>
internal static class TokenOutcomeMapping
{
    /// <summary>Why there is no token; null when there is one.</summary>
    public static RequestFailure? Failure(this TokenOutcome outcome) =>
        outcome switch
        {
            TokenOutcome.Granted => null,
            TokenOutcome.Refused refused => new RequestFailure.Refused(refused.Error, refused.Description)
            {
                RetryAfter = refused.RetryAfter,
            },
            TokenOutcome.Unavailable unavailable => new RequestFailure.Unavailable(unavailable.Cause, unavailable.MayHaveBeenProcessed)
            {
                RetryAfter = unavailable.RetryAfter,
            },
            TokenOutcome.Malformed malformed => new RequestFailure.Malformed(malformed.Cause),
            _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
        };

    /// <summary>The provider did not answer within the deadline of the caller. The request may have been processed.</summary>
    public static TokenOutcome NoAnswer(TimeSpan deadline) =>
        new TokenOutcome.Unavailable(
            string.Create(CultureInfo.InvariantCulture, $"it did not answer within {deadline.TotalSeconds:0.#} s"),
            RetryAfter: null,
            MayHaveBeenProcessed: true
        );
}
