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
/// is held in memory, so that an API server that is away does not make the provider issue another.
/// </summary>
internal sealed class TokenRefresher(ClientTokenSource source, SecretPublisher publisher, ILeadership leadership, TimeProvider time)
{
    /// <summary>
    /// From the moment on at which the request has its turn. Longer than <see cref="TokenEndpointOptions.Timeout"/>, so that it is the
    /// request that times out, which the circuit breaker counts. With <see cref="StoreDeadline"/> and the report, less than the 20 s that a
    /// stop waits.
    /// </summary>
    public static readonly TimeSpan RequestDeadline = TimeSpan.FromSeconds(10);

    /// <summary>
    /// For the wait before it, which a stop ends: where more workers than a slow provider has places ask at once, some wait longer than a
    /// request may take.
    /// </summary>
    private static readonly TimeSpan turnDeadline = TimeSpan.FromMinutes(1);

    /// <summary>For the write that follows, counted anew.</summary>
    public static readonly TimeSpan StoreDeadline = TimeSpan.FromSeconds(7);

    private readonly ConcurrentDictionary<NamespacedName, IssuedToken> unstored = new();

    /// <summary>Gets a token and publishes it.</summary>
    public async Task<RefreshOutcome> RefreshAsync(VismaConnection connection, ResolvedClient client, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var inputs = TokenInputs.Join(ConnectionHashes.Inputs(connection), client.Inputs);
        var (token, failure) = Unstored(connection, client, inputs) is { } held
            ? (held, null)
            : await RequestAsync(connection, client, inputs, cancellationToken);
        return token is null
            ? failure!
            : await StoreAsync(connection, token with { AnsweredRequest = ConnectionRequests.RequestedAt(connection) });
    }

    /// <summary>The connection is gone: what could not be stored for it is dropped.</summary>
    public void Forget(NamespacedName connection) => unstored.TryRemove(connection, out _);

    /// <summary>
    /// A token was found in the Secret. Where it is the one that seemed not to be stored, since the answer to the write was lost, nothing
    /// waits to be stored any more: kept, it would answer the next request in place of a new one.
    /// </summary>
    public void Found(NamespacedName connection, TokenRecord token)
    {
        if (unstored.TryGetValue(connection, out var held) && held.IssueTime <= token.IssueTime)
        {
            unstored.TryRemove(connection, out _);
        }
    }

    private IssuedToken? Unstored(VismaConnection connection, ResolvedClient client, string inputs) =>
        unstored.TryGetValue(connection.Metadata.NamespacedName, out var held)
        && held.Inputs == inputs
        && client.ScopeLimitFor(connection)?.ProblemWith(held.GrantedScopes) is null
        && held.ExpirationTime > time.GetUtcNow() // once it is stored, one that is due for renewal is renewed
            ? held
            : null;

    private async Task<(IssuedToken? Token, RefreshOutcome? Failure)> RequestAsync(
        VismaConnection connection, ResolvedClient client, string inputs, CancellationToken stop)
    {
        leadership.EnsureLeader();
        using var turn = new Turn(leadership, time, stop);
        var attempt = await AttemptAsync(connection, client, turn);
        var problem = attempt.Tokens is { } granted
            ? GrantedTokenCheck.ProblemOf(connection, client, granted.AccessToken, granted.GrantedScopes)
            : attempt.Problem;
        if (!turn.HasCome)
        {
            stop.ThrowIfCancellationRequested();
        }

        return problem is null
            ? (IssuedToken.From(attempt.Tokens!, connection, turn.Time, inputs), null)
            : (null, new RefreshOutcome.Failed(problem, attempt.RetryAfter));
    }

    private async Task<TokenAttempt> AttemptAsync(VismaConnection connection, ResolvedClient client, Turn turn)
    {
        try
        {
            return await source.RequestAsync(client, Request(connection, turn), ConnectionRequests.ContextOf(connection), turn.Deadline);
        }
        catch (OperationCanceledException) when (turn.Deadline.IsCancellationRequested)
        {
            return TokenAttempt.NoAnswer(client, RequestDeadline);
        }
    }

    private async Task<RefreshOutcome> StoreAsync(VismaConnection connection, IssuedToken token)
    {
        var key = connection.Metadata.NamespacedName;
        unstored[key] = token;
        using var cancellation = Deadline.After(StoreDeadline, time);
        var publication = await publisher.PublishAsync(connection, token, seen: null, cancellation.Token);
        if (publication is Publication.Refused refused)
        {
            return new RefreshOutcome.Failed(refused.Problem, RetryAfter: null);
        }

        unstored.TryRemove(key, out _);
        return publication is Publication.Done done
            ? new RefreshOutcome.Stored(done.Token)
            : new RefreshOutcome.Overtaken(((Publication.Overtaken)publication).Secret);
    }

    private TokenRequest.ClientCredentialsGrant Request(VismaConnection connection, Turn turn) => new(
        connection.Spec.AllScopes ? [] : connection.Spec.Scopes,
        ConnectionRequests.TenantField(connection))
    {
        NeededBy = ConnectionRequests.NeededBy(connection, time.GetUtcNow()),
        TurnCame = turn.Came,
    };

    /// <summary>
    /// The deadlines of one attempt: one for the wait for its turn, and a new one from then on, shared by all secrets that are tried.
    /// Nothing is sent by a process that is no longer the leader.
    /// </summary>
    private sealed class Turn : IDisposable
    {
        private readonly ILeadership leadership;
        private readonly TimeProvider time;
        private readonly Deadline deadline;
        private readonly CancellationTokenRegistration stopping;
        private int count;

        public Turn(ILeadership leadership, TimeProvider time, CancellationToken stop)
        {
            (this.leadership, this.time) = (leadership, time);
            deadline = Timing.Deadline.After(turnDeadline, time);
            stopping = stop.Register(GiveUp);
            Time = WholeSeconds.Floor(time.GetUtcNow());
        }

        public CancellationToken Deadline => deadline.Token;

        public bool HasCome => Volatile.Read(ref count) > 0;

        /// <summary>When what was sent last was sent, to the second: a token lives from then on.</summary>
        public DateTimeOffset Time { get; private set; }

        public void Came()
        {
            leadership.EnsureLeader();
            Time = WholeSeconds.Floor(time.GetUtcNow());
            if (Interlocked.Increment(ref count) == 1)
            {
                deadline.Set(leadership.Remaining < RequestDeadline ? leadership.Remaining : RequestDeadline);
            }
        }

        public void Dispose()
        {
            stopping.Dispose();
            deadline.Dispose();
        }

        private void GiveUp()
        {
            if (!HasCome)
            {
                deadline.Set(TimeSpan.Zero);
            }
        }
    }
}

/// <summary>What became of a refresh.</summary>
internal abstract record RefreshOutcome
{
    private RefreshOutcome()
    {
    }

    /// <summary>A token was issued and stands in the Secret.</summary>
    public sealed record Stored(TokenRecord Token) : RefreshOutcome;

    /// <summary>A token was issued and dropped, since a newer one of ours stands in the Secret.</summary>
    /// <param name="Secret">The Secret as it stands now.</param>
    public sealed record Overtaken(SecretFacts Secret) : RefreshOutcome;

    /// <summary>No token was issued, or it could not be stored before a person acts.</summary>
    public sealed record Failed(Problem Problem, TimeSpan? RetryAfter) : RefreshOutcome;
}
