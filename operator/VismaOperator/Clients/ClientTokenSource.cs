using System.Globalization;
using System.Net;
using Lifecycle;
using OAuth;
using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>Asks the provider for a token with a client's secrets, in the order that <see cref="ClientSecretTracker"/> gives.</summary>
internal sealed class ClientTokenSource(ITokenEndpoint endpoint, ClientSecretTracker tracker, ClockWatch clocks)
{
    private const string InvalidClient = "invalid_client";

    /// <summary>For how long nothing is sent to the server of an endpoint; null while requests are let through.</summary>
    public TimeSpan? ClosedFor(Uri tokenEndpoint) => endpoint.ClosedFor(tokenEndpoint);

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

        // If no secret is known to work, all are tried in order under the probe, the changed one first. No refresh token is spent for a
        // trial.
        var changed = request is TokenRequest.ClientCredentialsGrant && seen.Working is not null ? tracker.ClaimTrial(client) : null;
        try
        {
            return await TryAsync(ask, changed, seen, cancellationToken);
        }
        finally
        {
            var refused = ask.TakeRefused();
            if (changed is not null)
            {
                tracker.ReleaseTrial(client, refused);
            }

            tracker.TellTrials(client, refused);
        }
    }

    // The changed secret comes first, whichever works: the person who changed it is waiting, and the old one may still work today. Then the
    // one that is known to work, since there is nothing to wait for. The others are tried under the probe only, by one request.
    private async Task<TokenOutcome> TryAsync(
        Ask ask,
        Credential? changed,
        ClientSecretSnapshot seen,
        CancellationToken cancellationToken
    )
    {
        var next = new Queue<Credential>(Known(ask.Client, changed, seen.Working));
        var (tried, last) = (new List<Credential>(), (TokenOutcome.Refused?)null);
        ProbeLease? probe = null;
        try
        {
            while (next.Count > 0 || probe is null)
            {
                if (next.TryDequeue(out var credential))
                {
                    var outcome = await SendAsync(ask, credential, cancellationToken);
                    if (outcome is not TokenOutcome.Refused { Error: InvalidClient } refusal)
                    {
                        return Conclude(ask, credential, outcome);
                    }

                    tried.Add(credential);
                    last = refusal;
                    continue;
                }

                probe = await ProbeAsync(ask.Client, seen, cancellationToken);
                if (probe is null)
                {
                    return WaitedInVain();
                }

                seen = tracker.SnapshotOf(ask.Client);
                if (probe.WasRefusedMeanwhile)
                {
                    return InvalidClientOutcome(seen.Description, last?.RetryAfter);
                }

                if (probe.IsWorkingKnown)
                {
                    probe.Dispose();
                    tried.Clear(); // what another request found to work may be among them
                }

                next = new Queue<Credential>(tracker.OrderToTry(ask.Client).Except(tried));
            }

            _ = ask.TakeRefused();
            tracker.AllRefused(ask.Client, tried, seen, last?.Description);
            return InvalidClientOutcome(last?.Description, last?.RetryAfter);
        }
        finally
        {
            probe?.Dispose();
        }
    }

    private async Task<ProbeLease?> ProbeAsync(ResolvedClient client, ClientSecretSnapshot seen, CancellationToken cancellationToken)
    {
        try
        {
            return await tracker.EnterProbeAsync(client, seen, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static IEnumerable<Credential> Known(ResolvedClient client, Credential? changed, SecretKeyReference? working) =>
        client.Credentials
            .Where(credential => credential == changed || credential.Reference == working)
            .OrderByDescending(credential => credential == changed);

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
        // An answer that the scope is wrong shows that the client was recognised.
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

    // Secrets that were refused before it have left nothing at the provider.
    private static TokenOutcome.Unavailable WaitedInVain() =>
        new(
            "another request was still finding out which client secret works, and nothing was sent",
            RetryAfter: null,
            MayHaveBeenProcessed: false
        );

    private static TokenOutcome.Refused InvalidClientOutcome(string? description, TimeSpan? retryAfter) =>
        new(InvalidClient, description, HttpStatusCode.Unauthorized, retryAfter);

    /// <summary>What one attempt asks, independent of the secret.</summary>
    private sealed record Ask(Uri Endpoint, ResolvedClient Client, TokenRequest Request)
    {
        private List<Credential> refused = [];

        /// <summary>The provider refused this secret. Others learn it with the outcome.</summary>
        public void Add(Credential credential) => refused.Add(credential);

        /// <summary>The secrets that were refused and are not on record yet.</summary>
        public IReadOnlyList<Credential> TakeRefused() => Interlocked.Exchange(ref refused, []);
    }
}

/// <summary>Where the protocol meets the policy: the only mapping of request outcomes to what decisions read.</summary>
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

    /// <summary>The request did not get its turn within this time: nothing was sent.</summary>
    public static TokenOutcome NotSent(TimeSpan wait) =>
        new TokenOutcome.Unavailable(
            string.Create(CultureInfo.InvariantCulture, $"the request waited {wait.TotalSeconds:0.#} s for its turn and was not sent"),
            RetryAfter: null,
            MayHaveBeenProcessed: false
        );

    /// <summary>The provider did not answer within the deadline of the caller. The request may have been processed.</summary>
    public static TokenOutcome NoAnswer(TimeSpan deadline) =>
        new TokenOutcome.Unavailable(
            string.Create(CultureInfo.InvariantCulture, $"it did not answer within {deadline.TotalSeconds:0.#} s"),
            RetryAfter: null,
            MayHaveBeenProcessed: true
        );
}
