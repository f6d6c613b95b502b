using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Grants;
using VismaOperator.Publishing;

namespace VismaOperator.Connections;

/// <summary>
/// The refresh-and-persist section. From the moment a request leaves for the provider, nothing but its own deadline ends it:
/// a token that was issued is worth storing even while the process is being stopped. A token that could not be stored
/// stays pending in memory, so that an outage of the API server does not make the provider issue another.
/// </summary>
internal sealed class TokenRefresher(
    ClientTokenSource source,
    ProviderEndpoints endpoints,
    SecretPublisher publisher,
    ILeadership leadership,
    TimeProvider time,
    Func<double> random,
    ConnectionMetrics metrics,
    ConnectionLog log
)
{
    /// <summary>
    /// Counted from the moment at which the request has its turn. Longer than <see cref="TokenEndpoint.Timeout"/>, so that the
    /// request times out first, which the circuit breaker counts. With <see cref="SecretPublisher.StoreDeadline"/> and the report, less
    /// than the 20 s that a stop waits.
    /// </summary>
    public static readonly TimeSpan RequestDeadline = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Limit of the wait before the request; a stop ends it. With more workers than slots at a slow provider it can be longer than the
    /// request itself.
    /// </summary>
    private static readonly TimeSpan turnDeadline = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<NamespacedName, IssuedToken> pendingTokens = new();

    /// <summary>Gets a token and publishes it. The facts as they are afterwards.</summary>
    /// <exception cref="KubernetesException">The Secret could not be written; the token stays pending in memory.</exception>
    public async Task<Facts> RefreshAsync(RefreshCause cause, ReconcileState state, Facts facts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (connection, client) = (state.Connection, state.RequiredClient);
        var inputs = TokenInputs.Join(ConnectionHashes.Inputs(connection), client.Inputs);
        if (PendingToken(connection, client, inputs) is { } pending)
        {
            return await StoreAsync(cause, connection, pending, facts);
        }

        leadership.EnsureLeader();
        using var turn = new Turn(leadership, time, cancellationToken);
        var (token, lacking) = await RequestAsync(connection, client, inputs, turn);
        if (!turn.HasCome)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (lacking is not null)
        {
            var (problem, retryAfter, now) = (lacking.Problem, lacking.RetryAfter, time.GetUtcNow());
            return Failed(
                cause,
                problem,
                lacking.IsUnsent
                    ? facts.FailedUnsent(problem, retryAfter, now, random())
                    : facts.Failed(problem, retryAfter, now, random()));
        }

        return await StoreAsync(cause, connection, token! with { AnsweredRequest = ConnectionRequests.RequestedAt(connection) }, facts);
    }

    /// <summary>The connection is gone: what could not be stored for it is dropped.</summary>
    public void Forget(NamespacedName connection) => pendingTokens.TryRemove(connection, out _);

    /// <summary>The request that the token in memory is the answer to; null where none waits to be stored.</summary>
    public string? PendingAnswer(NamespacedName connection) => pendingTokens.GetValueOrDefault(connection)?.AnsweredRequest;

    /// <summary>
    /// A token was found in the Secret. It may be the pending one: the write succeeded, and only its answer was lost. Then no token is
    /// pending any more. If it stayed pending, it would answer the next request in place of a new token.
    /// </summary>
    public void Found(NamespacedName connection, TokenRecord token)
    {
        if (pendingTokens.TryGetValue(connection, out var pending) && pending.IssueTime <= token.IssueTime)
        {
            pendingTokens.TryRemove(connection, out _);
        }
    }

    private IssuedToken? PendingToken(VismaConnection connection, ResolvedClient client, string inputs) =>
        pendingTokens.TryGetValue(connection.Metadata.NamespacedName, out var pending)
        && pending.Inputs == inputs
        && client.ScopeLimitFor(connection)?.ProblemWith(pending.GrantedScopes) is null
        && pending.ExpirationTime > time.GetUtcNow() // one that is due for renewal is stored, and then renewed
            ? pending
            : null;

    // A token that may be published, or why there is none.
    private async Task<(IssuedToken? Token, NoToken? Lacking)> RequestAsync(
        VismaConnection connection,
        ResolvedClient client,
        string inputs,
        Turn turn
    )
    {
        TokenOutcome outcome;
        try
        {
            switch (await endpoints.TokenAsync(client, turn.Deadline))
            {
                case EndpointLookup.Found found:
                    var (name, request) = (connection.Metadata.NamespacedName, Request(connection, turn));
                    outcome = await source.RequestAsync(name, client, found.Endpoint, request, turn.Deadline);
                    break;
                case EndpointLookup.NotFound notFound:
                    return (null, new NoToken(notFound.Problem, notFound.RetryAfter));
                case var lookup:
                    throw new InvalidOperationException($"Unknown lookup {lookup.GetType().Name}.");
            }
        }
        catch (OperationCanceledException) when (turn.Deadline.IsCancellationRequested)
        {
            outcome = turn.HasCome ? TokenOutcomeMapping.NoAnswer(RequestDeadline) : TokenOutcomeMapping.NotSent(turnDeadline);
        }

        if (outcome.Failure() is { } failure)
        {
            var problem = client.Explain(failure, ConnectionRequests.ContextOf(connection));
            return (null, new NoToken(problem, failure.RetryAfter) { IsUnsent = failure.IsUnsent });
        }

        var tokens = ((TokenOutcome.Granted)outcome).Tokens;
        var claims = TokenClaims.Of(tokens.AccessToken);
        return GrantedTokenCheck.ProblemOf(connection, client, claims, tokens.GrantedScopes) is { } objection
            ? (null, new NoToken(objection, RetryAfter: null))
            : (IssuedToken.From(tokens, connection, turn.Time, inputs, claims), null);
    }

    private async Task<Facts> StoreAsync(RefreshCause cause, VismaConnection connection, IssuedToken token, Facts facts)
    {
        var key = connection.Metadata.NamespacedName;
        pendingTokens[key] = token;
        using var cancellation = Deadline.After(SecretPublisher.StoreDeadline, time);
        var publication = await publisher.PublishAsync(connection, token, seen: null, cancellation.Token);
        if (publication is Publication.Blocked blocked)
        {
            var failed = facts.Failed(blocked.Problem, retryAfter: null, time.GetUtcNow(), random(), token.AnsweredRequest);
            return Failed(cause, blocked.Problem, failed);
        }

        pendingTokens.TryRemove(key, out _);
        if (publication is not Publication.Done { Token: var stored })
        {
            metrics.Refreshed(cause, RefreshResult.Failed);
            return facts.Overtaken(((Publication.Overtaken)publication).Secret);
        }

        metrics.Refreshed(cause, RefreshResult.Stored);
        log.Refreshed(cause, stored.ExpirationTime, stored.RefreshTime);
        return token.AnsweredRequest == facts.Connection.RequestedAt ? facts.Succeeded(stored) : facts.SucceededLate(stored);
    }

    private Facts Failed(RefreshCause cause, Problem problem, Facts failed)
    {
        metrics.Refreshed(cause, RefreshResult.Failed);
        log.RefreshFailed(cause, problem.Reason, problem.Message);
        return failed;
    }

    private TokenRequest.ClientCredentialsGrant Request(VismaConnection connection, Turn turn) => new(
        connection.Spec.AllScopes ? [] : connection.Spec.Scopes,
        ConnectionRequests.TenantField(connection))
    {
        NeededBy = ConnectionRequests.NeededBy(connection, time.GetUtcNow()),
        TurnCame = turn.Came,
    };

    /// <summary>Why there is no token to publish.</summary>
    private sealed record NoToken(Problem Problem, TimeSpan? RetryAfter)
    {
        /// <summary>As <see cref="RequestFailure.IsUnsent"/>.</summary>
        public bool IsUnsent { get; init; }
    }

    /// <summary>
    /// The deadlines of one attempt: one for the wait for its turn, and a new one from then on, shared by all secrets that are tried.
    /// Nothing is sent by a process that is no longer the leader.
    /// </summary>
    private sealed class Turn : IDisposable
    {
        // The wait ends once: either the attempt begins, or it is given up, because of a stop or because the wait took too long. An attempt
        // that has begun is never given up, and one that was given up never begins.
        private const int Waits = 0;
        private const int HasBegun = 1;
        private const int IsGivenUp = 2;

        private readonly ILeadership leadership;
        private readonly TimeProvider time;
        private readonly Deadline deadline;
        private readonly Alarm patience;
        private readonly CancellationTokenRegistration stopping;
        private int state = Waits;

        public Turn(ILeadership leadership, TimeProvider time, CancellationToken stop)
        {
            (this.leadership, this.time) = (leadership, time);
            deadline = Timing.Deadline.Unset(time);
            patience = new Alarm(time, GiveUp);
            patience.Set(turnDeadline);
            stopping = stop.Register(GiveUp);
            Time = WholeSeconds.Floor(time.GetUtcNow());
        }

        public CancellationToken Deadline => deadline.Token;

        public bool HasCome => Volatile.Read(ref state) == HasBegun;

        /// <summary>When what was sent last was sent, to the second: a token lives from then on.</summary>
        public DateTimeOffset Time { get; private set; }

        /// <exception cref="OperationCanceledException">The wait was given up: nothing must be sent.</exception>
        public void Came()
        {
            leadership.EnsureLeader();
            Time = WholeSeconds.Floor(time.GetUtcNow());
            switch (Interlocked.CompareExchange(ref state, HasBegun, Waits))
            {
                case Waits:
                    deadline.Set(leadership.Remaining < RequestDeadline ? leadership.Remaining : RequestDeadline);
                    break;
                case IsGivenUp:
                    throw new OperationCanceledException(deadline.Token);
            }
        }

        public void Dispose()
        {
            stopping.Dispose();
            patience.Dispose();
            deadline.Dispose();
        }

        private void GiveUp()
        {
            if (Interlocked.CompareExchange(ref state, IsGivenUp, Waits) == Waits)
            {
                deadline.Set(TimeSpan.Zero);
            }
        }
    }
}
