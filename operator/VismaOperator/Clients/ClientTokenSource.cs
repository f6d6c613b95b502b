using System.Globalization;
using System.Net;
using Kubernetes.Client;
using Lifecycle;
using OAuth;

namespace VismaOperator.Clients;

/// <summary>Asks the provider for a token with a client's secrets, in the order that <see cref="ClientSecretTracker"/> gives.</summary>
internal sealed class ClientTokenSource(
    ITokenEndpoint endpoint,
    ClientSecretTracker tracker,
    ClockWatch clocks,
    ProviderMetrics metrics,
    TokenAudit audit
)
{
    private const string InvalidClient = "invalid_client";

    /// <summary>For how long nothing is sent to the server of an endpoint; null while requests are let through.</summary>
    public TimeSpan? ClosedFor(Uri tokenEndpoint) => endpoint.ClosedFor(tokenEndpoint);

    /// <summary>
    /// One attempt: one request, or one for each secret while the provider refuses the client. <c>invalid_client</c> means that every
    /// secret was refused, by this attempt or by one that ran at the same time.
    /// </summary>
    public async Task<TokenOutcome> RequestAsync(
        NamespacedName connection,
        ResolvedClient client,
        Uri tokenEndpoint,
        TokenRequest request,
        CancellationToken cancellationToken
    )
    {
        var seen = tracker.SnapshotOf(client);
        if (seen.RetryAt is not null && client.Seen is { } before && before.StateRevision != seen.StateRevision)
        {
            // The client was refused after the connection decided to ask, so the connection waits like the others.
            return RefusedClient(seen.Description, retryAfter: null);
        }

        // If no secret is known to work, all are tried in order by one request at a time, the changed one first. No refresh token is spent
        // for a trial.
        var changed = request is TokenRequest.ClientCredentialsGrant && seen.Working is not null ? tracker.ClaimTrial(client) : null;
        using var attempt = new Attempt(tracker, client, seen, changed);
        var isAnswered = false;
        while (await attempt.NextSecretAsync(cancellationToken) is { } secret)
        {
            // Some servers fail on such a form, and what they answer then says nothing about the secret.
            if (!SecretOddities.CanBeSent(secret.Value))
            {
                attempt.Refused(secret, RefusedClient(description: null, retryAfter: null));
                continue;
            }

            var credentials = new ClientCredentials(client.ClientId, secret.Value, client.Method);
            using var measured = metrics.Measure(client.Issuer, tokenEndpoint, request);
            TokenOutcome outcome;
            try
            {
                outcome = await endpoint.RequestAsync(tokenEndpoint, credentials, measured.Request, cancellationToken);
                measured.Ended(outcome);
            }
            catch (OperationCanceledException)
            {
                audit.Note(connection, client, secret, request, TokenOutcomeMapping.NoAnswer(TimeSpan.Zero)); // it was sent
                throw;
            }

            clocks.Observe(client.Issuer, outcome.Clock);
            audit.Note(connection, client, secret, request, outcome);
            if (outcome is not TokenOutcome.Refused { Error: InvalidClient } refusal)
            {
                attempt.Ended(secret, outcome);
                return isAnswered ? Attempted(outcome) : outcome;
            }

            isAnswered = true;
            attempt.Refused(secret, refusal);
        }

        return isAnswered ? Attempted(attempt.Verdict!) : attempt.Verdict!;
    }

    // The provider refused another secret of this attempt, so something was sent, whatever became of the last request.
    private static TokenOutcome Attempted(TokenOutcome outcome) =>
        outcome is TokenOutcome.Unavailable unavailable ? unavailable with { HadTurn = true } : outcome;

    private static TokenOutcome.Refused RefusedClient(string? description, TimeSpan? retryAfter) =>
        new(InvalidClient, description, HttpStatusCode.Unauthorized, retryAfter);

    /// <summary>
    /// Which secrets one attempt tries. The changed one comes first, whichever works: the person who changed it is waiting, and the old one
    /// may still work today. Then the one that is known to work, since there is nothing to wait for. The others are tried by one request
    /// at a time only. The outcome of the attempt is reported when it is over.
    /// </summary>
    private sealed class Attempt(ClientSecretTracker tracker, ResolvedClient client, ClientSecretSnapshot seen, Credential? changed)
        : IDisposable
    {
        private readonly List<Credential> tried = [];
        private readonly List<Credential> untold = [];
        private Queue<Credential> next = new(
            client
                .Credentials.Where(credential => credential == changed || credential.Reference == seen.Working)
                .OrderByDescending(credential => credential == changed)
        );
        private ClientSecretSnapshot known = seen;
        private TrialLease? lease;
        private TokenOutcome.Refused? last;

        /// <summary>The outcome, once there is no other secret to try.</summary>
        public TokenOutcome? Verdict { get; private set; }

        /// <summary>The secret to try now; null when there is none, and <see cref="Verdict"/> says what that means.</summary>
        public async Task<Credential?> NextSecretAsync(CancellationToken cancellationToken)
        {
            if (next.Count == 0 && lease is null)
            {
                Verdict = await EnterTrialAsync(cancellationToken);
            }

            if (Verdict is null && next.Count == 0)
            {
                untold.Clear();
                tracker.AllRefused(client, tried, known, last?.Description);
                Verdict = RefusedClient(last?.Description, last?.RetryAfter);
            }

            return Verdict is null ? next.Dequeue() : null;
        }

        /// <summary>The provider refused the client with this secret.</summary>
        public void Refused(Credential secret, TokenOutcome.Refused refusal)
        {
            tried.Add(secret);
            untold.Add(secret);
            last = refusal;
        }

        /// <summary>The provider said something else, or nothing.</summary>
        public void Ended(Credential secret, TokenOutcome outcome)
        {
            // An answer that the scope is wrong shows that the client was recognised.
            if (
                outcome
                is TokenOutcome.Granted
                    or TokenOutcome.Refused { Error: "invalid_scope" or "unauthorized_client" or "invalid_tenant" or "invalid_grant" }
            )
            {
                tracker.Accepted(client, secret, untold);
                untold.Clear();
            }
        }

        public void Dispose()
        {
            lease?.Dispose();
            if (changed is not null)
            {
                tracker.ReleaseTrial(client, untold);
            }

            tracker.TellTrials(client, untold);
        }

        // The outcome where there is nothing to try: another request has found out which secret works, or is still finding out.
        private async Task<TokenOutcome?> EnterTrialAsync(CancellationToken cancellationToken)
        {
            try
            {
                lease = await tracker.EnterTrialAsync(client, known, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Secrets that were refused before it have left nothing at the provider.
                return new TokenOutcome.Unavailable(
                    "another request was still finding out which client secret works, and nothing was sent",
                    RetryAfter: null,
                    MayHaveBeenProcessed: false
                )
                {
                    HadTurn = false,
                };
            }

            known = tracker.SnapshotOf(client);
            if (lease.WasRefusedMeanwhile)
            {
                return RefusedClient(known.Description, last?.RetryAfter);
            }

            if (lease.IsWorkingKnown)
            {
                lease.Dispose();
                tried.Clear(); // what another request found to work may be among them
            }

            next = new Queue<Credential>(tracker.OrderToTry(client).Except(tried));
            return null;
        }
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
                HadTurn = unavailable.HadTurn,
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
        )
        {
            HadTurn = false,
        };

    /// <summary>The provider did not answer within the deadline of the caller. The request may have been processed.</summary>
    public static TokenOutcome NoAnswer(TimeSpan deadline) =>
        new TokenOutcome.Unavailable(
            string.Create(CultureInfo.InvariantCulture, $"it did not answer within {deadline.TotalSeconds:0.#} s"),
            RetryAfter: null,
            MayHaveBeenProcessed: true
        );
}
