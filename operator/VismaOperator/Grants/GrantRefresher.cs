using Kubernetes.Client;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Publishing;

namespace VismaOperator.Grants;

/// <summary>
/// Spends refresh tokens. A one-time token exists only in the provider's answer until it is stored, so the order is: fence, intent
/// (compare-and-swap), exchange, store; and from the moment bytes are sent nothing but its own deadline ends it. A lost answer leaves the
/// intent open, and the same token is sent again.
/// </summary>
internal sealed class GrantRefresher(
    GrantStore store,
    PendingGrantWrites pendingGrants,
    ExchangeTracker attempts,
    ClientTokenSource source,
    ProviderEndpoints endpoints,
    ClusterIdentity cluster,
    ILeadership leadership,
    TimeProvider time,
    Func<int, byte[]> randomBytes,
    GrantLog log
)
{
    private readonly ForbiddenRequests<NamespacedName> forbidden = new(time);

    /// <summary>Exchanges the stored refresh token for the next one.</summary>
    /// <param name="connection">Whose grant it is.</param>
    /// <param name="client">The client to exchange with.</param>
    /// <param name="read">The grant as the decision saw it.</param>
    /// <param name="cancellationToken">Ends it as long as nothing was sent.</param>
    public async Task<Exchange> ExchangeAsync(
        VismaConnection connection,
        ResolvedClient client,
        GrantSnapshot read,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (pendingGrants.Find(read.Connection) is { } waiting)
        {
            return await ReportedAsync(read.Connection, stop => StoreHeldAsync(waiting, read, stop), cancellationToken);
        }

        if (read.Document.Held is not { } held)
        {
            throw new InvalidOperationException($"An exchange was decided for {read.Connection} without a grant.");
        }

        return await ReportedAsync(read.Connection, stop => BeginAsync(connection, client, read, held, stop), cancellationToken);
    }

    // The process that took the exchange over has had its time, and our pending grant answers the token that it would send.
    private async Task<Exchange> StoreHeldAsync(PendingGrant waiting, GrantSnapshot read, CancellationToken cancellationToken)
    {
        if (waiting.IsContestedIn(read.Document))
        {
            leadership.EnsureLeader();
            await store.WriteAsync(read, read.Document with { Intent = waiting.Open!.Document.Intent }, cancellationToken);
        }

        return await StoreAsync(waiting);
    }

    /// <summary>
    /// Announces that the open exchange of another process will be taken over. Its attempt stays, so it may store its result until this
    /// process takes its place.
    /// </summary>
    public Task<Exchange> AnnounceTakeoverAsync(GrantSnapshot read, CancellationToken cancellationToken) =>
        ReportedAsync(read.Connection, stop => AnnounceAsync(read, stop), cancellationToken);

    private async Task<Exchange> AnnounceAsync(GrantSnapshot read, CancellationToken cancellationToken)
    {
        leadership.EnsureLeader();
        var open = read.Document.Intent ?? throw new InvalidOperationException($"No exchange of {read.Connection} is open.");
        var announcement = open with { TakeoverTime = WholeSeconds.Floor(time.GetUtcNow()) };
        var announced = await store.WriteAsync(read, read.Document with { Intent = announcement }, cancellationToken);
        attempts.Announced(read.Connection, open.Id);
        log.TakeoverAnnounced(read.Connection);
        return new Exchange.Announced(announced);
    }

    // A forbidden write is reported as a failure, with its remedy; everything else is thrown.
    private async Task<Exchange> ReportedAsync(
        NamespacedName connection,
        Func<CancellationToken, Task<Exchange>> write,
        CancellationToken cancellationToken
    )
    {
        try
        {
            Exchange? exchange = null;
            var refusal = await forbidden.FindAsync(
                connection,
                async stop => exchange = await write(stop),
                cancellationToken
            );
            return refusal is null ? exchange! : new Exchange.Failed(GrantStore.MayNotWrite(connection, refusal), RetryAfter: null);
        }
        catch (KubernetesException failure) when (failure.IsInvalid)
        {
            return new Exchange.Failed(GrantStore.Invalid(connection, failure), RetryAfter: null);
        }
    }

    private async Task<Exchange> BeginAsync(
        VismaConnection connection,
        ResolvedClient client,
        GrantSnapshot read,
        HeldGrant held,
        CancellationToken cancellationToken
    ) =>
        await endpoints.TokenAsync(client, cancellationToken) switch
        {
            EndpointLookup.NotFound notFound => new Exchange.Failed(notFound.Problem, notFound.RetryAfter),
            EndpointLookup.Found found when found.Endpoint.AbsoluteUri != held.Binding.TokenEndpoint => new Exchange.Failed(
                Moved(held, found.Endpoint),
                RetryAfter: null
            ),
            EndpointLookup.Found => await SpendAsync(connection, client, read, held, cancellationToken),
            var lookup => throw new InvalidOperationException($"Unknown lookup {lookup.GetType().Name}."),
        };

    private async Task<Exchange> SpendAsync(
        VismaConnection connection,
        ResolvedClient client,
        GrantSnapshot read,
        HeldGrant held,
        CancellationToken cancellationToken
    )
    {
        leadership.EnsureLeader();
        var began = time.GetTimestamp();
        var intent = new ExchangeIntent(
            Convert.ToHexStringLower(randomBytes(16)),
            Unguessable.HashOf(held.RefreshToken),
            WholeSeconds.Floor(time.GetUtcNow())
        );
        var policy = connection.Spec.Authorization.DeletionPolicy;
        attempts.Began(read.Connection, intent.Id); // before the write, whose answer may be lost
        var open = await store.WriteAsync(read, read.Document with { Intent = intent, DeletionPolicy = policy }, cancellationToken);
        var exchange = await SendAsync(connection, client, open, held, began);
        return exchange is Exchange.Failed { IsUnsent: true } unsent
            ? unsent with { Withdrawn = await WithdrawAsync(open, read.Document.Intent) }
            : exchange;
    }

    /// <summary>The request that the pending grant answers; null when no grant is pending.</summary>
    public string? AnswerHeld(NamespacedName connection) => pendingGrants.Find(connection)?.Held.AccessToken.AnsweredRequest;

    /// <summary>The connection is gone.</summary>
    public void Forget(NamespacedName connection)
    {
        forbidden.Forget(connection);
        attempts.Forget(connection);
    }

    private async Task<Exchange> SendAsync(
        VismaConnection connection,
        ResolvedClient client,
        GrantSnapshot open,
        HeldGrant held,
        long began
    )
    {
        // Read last before bytes are sent: a process that was stopped since finds its time used up, and sends nothing.
        leadership.EnsureLeader();
        var left = Policy.ExchangeDeadline - time.GetElapsedTime(began);
        var deadline = leadership.Remaining < left ? leadership.Remaining : left;
        if (deadline <= TimeSpan.Zero)
        {
            return await FailAsync(connection, client, open, held, TooLate());
        }

        var issueTime = WholeSeconds.Floor(time.GetUtcNow());
        var outcome = await RequestAsync(connection, client, held, deadline);
        if (outcome is not TokenOutcome.Granted granted)
        {
            return await FailAsync(connection, client, open, held, outcome);
        }

        // What the answer does not state is what the refresh token has (RFC 6749 section 6).
        var tokens = granted.Tokens with { GrantedScopes = granted.Tokens.GrantedScopes ?? held.AccessToken.GrantedScopes };
        var objection = GrantedTokenCheck.ProblemOf(connection, client, tokens.AccessToken, tokens.GrantedScopes);
        var inputs = TokenInputs.Join(ConnectionHashes.Inputs(connection), client.Inputs);
        var next = Next(connection, held, tokens.RefreshToken) with
        {
            RefreshTokenExpirationTime = ExpiryOf(tokens, issueTime) ?? held.RefreshTokenExpirationTime,
            RefreshTokenSlides = RefreshTokenLife.Slides(held, issueTime, ExpiryOf(tokens, issueTime)),
            AccessToken = objection is null
                ? IssuedToken.From(tokens, connection, issueTime, inputs) with
                {
                    AnsweredRequest = ConnectionRequests.RequestedAt(connection),
                }
                : held.AccessToken,
        };
        var exchange = await StoreAsync(PendingGrantOf(open, next, client));
        return objection is null ? exchange : new Exchange.Failed(objection, RetryAfter: null);
    }

    private async Task<Exchange> FailAsync(
        VismaConnection connection,
        ResolvedClient client,
        GrantSnapshot open,
        HeldGrant held,
        TokenOutcome outcome
    )
    {
        var failure = outcome.Failure()!;
        if (failure is RequestFailure.Refused { EndsGrant: true })
        {
            return await RefuseAsync(open, held);
        }

        if (outcome is TokenOutcome.Malformed { RefreshToken: { } saved })
        {
            await StoreAsync(PendingGrantOf(open, Next(connection, held, saved), client));
        }

        return new Exchange.Failed(client.Explain(failure, ConnectionRequests.ContextOf(connection)), failure.RetryAfter)
        {
            IsUnsent = failure is RequestFailure.Unavailable { MayHaveBeenProcessed: false },
        };
    }

    // Surely nothing was sent, so the intent is withdrawn and no other process waits for it. An intent that it replaced may have been sent,
    // so that one is put back. If the write fails, the intent stays, which only costs the wait.
    private async Task<GrantSnapshot?> WithdrawAsync(GrantSnapshot open, ExchangeIntent? earlier)
    {
        using var deadline = Deadline.After(SecretPublisher.StoreDeadline, time);
        try
        {
            return await store.ChangeAsync(
                open.Connection,
                document => document.Intent?.Id == open.Document.Intent!.Id ? document with { Intent = earlier } : null,
                deadline.Token
            );
        }
        catch (Exception failure) when (failure is OperationCanceledException || Outage.Caused(failure))
        {
            return null;
        }
    }

    private async Task<TokenOutcome> RequestAsync(VismaConnection connection, ResolvedClient client, HeldGrant held, TimeSpan deadline)
    {
        using var cancellation = Deadline.After(deadline, time);
        try
        {
            var request = new TokenRequest.RefreshTokenGrant(held.RefreshToken, ConnectionRequests.TenantField(connection))
            {
                NeededBy = held.AccessToken.ExpirationTime,
            };
            return await source.RequestAsync(client, new Uri(held.Binding.TokenEndpoint), request, cancellation.Token);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return TokenOutcomeMapping.NoAnswer(Policy.ExchangeDeadline);
        }
    }

    private static TokenOutcome TooLate() =>
        new TokenOutcome.Unavailable(
            "the time for the exchange was over before it could be sent",
            RetryAfter: null,
            MayHaveBeenProcessed: false
        );

    private async Task<Exchange> StoreAsync(PendingGrant grant)
    {
        using var deadline = Deadline.After(SecretPublisher.StoreDeadline, time);
        switch (await pendingGrants.StoreAsync(grant, deadline.Token))
        {
            case StoreResult.Stored stored:
                log.Exchanged(grant.Connection, grant.Held.Sequence, grant.Held.Family);
                return new Exchange.Renewed(stored.Snapshot);
            case StoreResult.Dropped:
                return new Exchange.Superseded();
            case StoreResult.Pending pending:
                return new Exchange.Failed(NotStored(grant, pending.Cause), RetryAfter: null);
            case var result:
                throw new InvalidOperationException($"Unknown result {result.GetType().Name}.");
        }
    }

    // On record beside the token, so that no other process tries it once more.
    private async Task<Exchange> RefuseAsync(GrantSnapshot open, HeldGrant held)
    {
        using var deadline = Deadline.After(SecretPublisher.StoreDeadline, time);
        var refusal = WholeSeconds.Floor(time.GetUtcNow());
        var stored = await store.ChangeAsync(
            open.Connection,
            document =>
                document.Intent?.Id == open.Document.Intent!.Id
                    ? document with
                    {
                        Held = held with { RefusalTime = refusal },
                        Intent = null,
                    }
                    : null,
            deadline.Token
        );
        if (stored is null)
        {
            return new Exchange.Superseded();
        }

        log.Refused(open.Connection);
        return new Exchange.Refused(stored);
    }

    // A missing refresh token means: keep the one we have (RFC 6749 section 6).
    private HeldGrant Next(VismaConnection connection, HeldGrant held, Sensitive? refreshToken) => held with
    {
        RefreshToken = refreshToken ?? held.RefreshToken,
        Sequence = Math.Max(held.Sequence, connection.Status.Authorization?.Sequence ?? 0) + 1,
        Connection = connection.Metadata.NamespacedName,
        Binding = held.Binding with { Cluster = cluster.Id },
        RefusalTime = null,
    };

    private static DateTimeOffset? ExpiryOf(TokenSet tokens, DateTimeOffset issueTime) =>
        tokens.RefreshTokenLifetime is { } lifetime ? WholeSeconds.Floor(issueTime + lifetime) : null;

    private static PendingGrant PendingGrantOf(GrantSnapshot open, HeldGrant next, ResolvedClient client) =>
        new()
        {
            Connection = open.Connection,
            AttemptId = open.Document.Intent!.Id,
            Open = open,
            Held = next,
            Client = client,
        };

    private static Problem Moved(HeldGrant held, Uri endpoint) =>
        new(
            Reason.SpecChanged,
            $"The grant was given for the token endpoint {held.Binding.TokenEndpoint}, and the provider now names "
            + $"{endpoint.AbsoluteUri}; it is not sent there. If the move is genuine, consent again with visma-operator connect."
        );

    private static Problem NotStored(PendingGrant grant, string cause) =>
        new(
            Reason.GrantNotStored,
            $"The new refresh token of {grant.Connection} is held in memory and stored as soon as that is possible: {cause}. Do not "
            + "delete the operator's pod before."
        );
}
