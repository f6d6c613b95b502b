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
/// (compare-and-swap), exchange, store. Once the intent is written, a stop does not cancel it. Before a request is sent, a lost lease ends
/// it. From then on only its own deadline ends the request, and that is not later than the end of the lease. A lost answer leaves the
/// intent open, and the same token is sent again.
/// </summary>
internal sealed class GrantRefresher(
    GrantStore store,
    PendingGrantWrites pendingGrants,
    ExchangeTracker tracker,
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
    /// <param name="cancellationToken">Ends it until the intent is written.</param>
    public async Task<Exchange> ExchangeAsync(
        VismaConnection connection,
        ResolvedClient client,
        GrantSnapshot read,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            Exchange exchange;
            if (pendingGrants.Find(read.Connection) is { } waiting)
            {
                exchange = await StoreAsync(waiting); // it answers the token that would be sent
            }
            else
            {
                var (spending, lacking) = await OpenAsync(connection, client, read, cancellationToken);
                exchange = spending is null ? lacking! : await SendAsync(spending);
            }

            forbidden.Forget(read.Connection);
            return exchange;
        }
        catch (Exception failure) when (Denied(read.Connection, failure) is { } denied)
        {
            return denied;
        }
    }

    /// <summary>
    /// Announces that the open exchange of another process will be taken over. Its attempt stays, so it may store its result until this
    /// process takes its place.
    /// </summary>
    public async Task<Exchange> AnnounceTakeoverAsync(GrantSnapshot read, CancellationToken cancellationToken)
    {
        leadership.EnsureLeader();
        var open = read.Document.Intent ?? throw new InvalidOperationException($"No exchange of {read.Connection} is open.");
        var announcement = open with { TakeoverTime = WholeSeconds.Floor(time.GetUtcNow()) };
        try
        {
            var announced = await store.WriteAsync(read, read.Document with { Intent = announcement }, cancellationToken);
            forbidden.Forget(read.Connection);
            tracker.Announced(read.Connection, open.Id);
            log.TakeoverAnnounced(read.Connection);
            return new Exchange.Announced(announced);
        }
        catch (Exception failure) when (Denied(read.Connection, failure) is { } denied)
        {
            return denied;
        }
    }

    /// <summary>The request that the pending grant answers; null when no grant is pending.</summary>
    public string? PendingAnswer(NamespacedName connection) => pendingGrants.Find(connection)?.Next.AccessToken.AnsweredRequest;

    /// <summary>The connection is gone.</summary>
    public void Forget(NamespacedName connection)
    {
        forbidden.Forget(connection);
        tracker.Forget(connection);
    }

    // A forbidden or invalid write is reported as a failure, with its remedy; everything else is thrown.
    private Exchange.Failed? Denied(NamespacedName connection, Exception failure) =>
        failure switch
        {
            _ when forbidden.Believed(connection, failure) is { } denial => new Exchange.Failed(
                GrantStore.MayNotWrite(connection, denial),
                RetryAfter: null
            ),
            KubernetesException { IsInvalid: true } denial => new Exchange.Failed(
                GrantStore.Invalid(connection, denial),
                RetryAfter: null
            ),
            _ => null,
        };

    // Writes the intent, or says why the refresh token must not be spent now. What follows an intent is not cancelled any more.
    private async Task<(Spending? Spending, Exchange.Failed? Lacking)> OpenAsync(
        VismaConnection connection,
        ResolvedClient client,
        GrantSnapshot read,
        CancellationToken cancellationToken
    )
    {
        var held = read.Document.Held
            ?? throw new InvalidOperationException($"An exchange was decided for {read.Connection} without a grant.");
        switch (await endpoints.TokenAsync(client, cancellationToken))
        {
            case EndpointLookup.NotFound notFound:
                return (null, new Exchange.Failed(notFound.Problem, notFound.RetryAfter));
            case EndpointLookup.Found { Endpoint: var endpoint } when endpoint.AbsoluteUri != held.Binding.TokenEndpoint:
                return (null, new Exchange.Failed(Moved(held, endpoint), RetryAfter: null));
            case EndpointLookup.Found { Endpoint: var endpoint } when source.ClosedFor(endpoint) is { } pause:
                var problem = client.Explain(Closed(pause), ConnectionRequests.ContextOf(connection));
                return (null, new Exchange.Failed(problem, pause) { IsUnsent = true });
        }

        leadership.EnsureLeader();
        var began = time.GetTimestamp();
        var intent = new ExchangeIntent(
            Convert.ToHexStringLower(randomBytes(16)),
            Unguessable.HashOf(held.RefreshToken),
            WholeSeconds.Floor(time.GetUtcNow())
        );
        var policy = connection.Spec.Authorization.DeletionPolicy;
        tracker.Began(read.Connection, intent.Id); // before the write, whose answer may be lost
        var open = await store.WriteAsync(read, read.Document with { Intent = intent, DeletionPolicy = policy }, cancellationToken);
        return (new Spending(connection, client, open, held, read.Document.Intent) { Began = began }, null);
    }

    private async Task<Exchange> SendAsync(Spending spending)
    {
        using var cancellation = Deadline.Unset(time);
        var (issueTime, outcome) = (WholeSeconds.Floor(time.GetUtcNow()), TooLate());
        try
        {
            leadership.EnsureLeader();
            var left = Policy.ExchangeDeadline - time.GetElapsedTime(spending.Began);
            var deadline = leadership.Remaining < left ? leadership.Remaining : left;
            cancellation.Set(deadline);
            if (deadline > TimeSpan.Zero)
            {
                var (endpoint, request) = (new Uri(spending.Held.Binding.TokenEndpoint), Request(spending));
                outcome = await source.RequestAsync(spending.Open.Connection, spending.Client, endpoint, request, cancellation.Token);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            outcome = TokenOutcomeMapping.NoAnswer(Policy.ExchangeDeadline);
        }
        catch (LeadershipLostException)
        {
            // Thrown before a request is sent. An earlier one of this exchange had a client secret that was refused, and spent nothing.
            await WithdrawAsync(spending);
            throw;
        }

        return outcome is TokenOutcome.Granted granted
            ? await KeepAsync(spending, granted.Tokens, issueTime)
            : await FailAsync(spending, outcome);
    }

    private TokenRequest.RefreshTokenGrant Request(Spending spending) =>
        new(spending.Held.RefreshToken, ConnectionRequests.TenantField(spending.Connection))
        {
            NeededBy = spending.Held.AccessToken.ExpirationTime,
            // Read last before bytes are sent: a process that was stopped since finds its time used up, and sends nothing.
            TurnCame = leadership.EnsureLeader,
        };

    private async Task<Exchange> KeepAsync(Spending spending, TokenSet answer, DateTimeOffset issueTime)
    {
        // What the answer does not state is what the refresh token has (RFC 6749 section 6).
        var (connection, client, held) = (spending.Connection, spending.Client, spending.Held);
        var tokens = answer with { GrantedScopes = answer.GrantedScopes ?? held.AccessToken.GrantedScopes };
        var objection = GrantedTokenCheck.ProblemOf(connection, client, tokens.AccessToken, tokens.GrantedScopes);
        var inputs = TokenInputs.Join(ConnectionHashes.Inputs(connection), client.Inputs);
        var next = Next(spending, tokens.RefreshToken) with
        {
            RefreshTokenExpirationTime = ExpiryOf(tokens, issueTime) ?? held.RefreshTokenExpirationTime,
            RefreshTokenSlides = RefreshTokenLife.Slides(held, issueTime, ExpiryOf(tokens, issueTime)),
        };
        next = objection is not null ? next : next with
        {
            AccessToken = IssuedToken.From(tokens, connection, issueTime, inputs) with
            {
                AnsweredRequest = next.AccessToken.AnsweredRequest,
            },
        };
        var exchange = await StoreAsync(PendingGrantOf(spending, next));
        return objection is null || exchange is Exchange.Failed ? exchange : new Exchange.Failed(objection, RetryAfter: null);
    }

    private async Task<Exchange> FailAsync(Spending spending, TokenOutcome outcome)
    {
        var failure = outcome.Failure()!;
        if (failure is RequestFailure.Refused { EndsGrant: true })
        {
            return await RefuseAsync(spending);
        }

        if (
            outcome is TokenOutcome.Malformed { RefreshToken: { } saved }
            && await StoreAsync(PendingGrantOf(spending, Next(spending, saved))) is Exchange.Failed notStored
        )
        {
            return notStored;
        }

        var problem = spending.Client.Explain(failure, ConnectionRequests.ContextOf(spending.Connection));
        return new Exchange.Failed(problem, failure.RetryAfter)
        {
            IsUnsent = failure.IsUnsent,
            Withdrawn = failure is RequestFailure.Unavailable { MayHaveBeenProcessed: false } || spending.Held.RefusalTime is not null
                ? await WithdrawAsync(spending)
                : null,
        };
    }

    // Surely nothing was sent, or the token was refused before: nobody goes on with this exchange, so no other process may wait for it. An
    // intent that it replaced may have been sent, so that one is put back, but not over a refused token. If the write fails, the intent
    // stays, which only costs the wait.
    private async Task<GrantSnapshot?> WithdrawAsync(Spending spending)
    {
        using var deadline = Deadline.After(SecretPublisher.StoreDeadline, time);
        try
        {
            return await store.ChangeAsync(
                spending.Open.Connection,
                document => document.Intent?.Id != spending.AttemptId ? null
                    : document with { Intent = document.Held?.RefusalTime is null ? spending.Earlier : null },
                deadline.Token
            );
        }
        catch (Exception failure) when (failure is OperationCanceledException || Outage.Caused(failure))
        {
            return null;
        }
    }

    // Known before the intent is written, so that a request that stays open during a pause writes nothing every ten seconds.
    private static RequestFailure.Unavailable Closed(TimeSpan pause) =>
        new("the authorization server asked for a pause, or has been failing; no request is sent for now", MayHaveBeenProcessed: false)
        {
            RetryAfter = pause,
            HadTurn = false,
        };

    private static TokenOutcome TooLate() =>
        new TokenOutcome.Unavailable(
            "the time for the exchange was over before it could be sent",
            RetryAfter: null,
            MayHaveBeenProcessed: false
        )
        {
            HadTurn = false,
        };

    private async Task<Exchange> StoreAsync(PendingGrant grant)
    {
        using var deadline = Deadline.After(SecretPublisher.StoreDeadline, time);
        switch (await pendingGrants.StoreAsync(grant, deadline.Token))
        {
            case StoreResult.Stored stored:
                log.Exchanged(grant.Connection, grant.Next.Sequence, grant.Next.Family);
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
    private async Task<Exchange> RefuseAsync(Spending spending)
    {
        using var deadline = Deadline.After(SecretPublisher.StoreDeadline, time);
        var refused = spending.Held with { RefusalTime = WholeSeconds.Floor(time.GetUtcNow()) };
        var stored = await store.ChangeAsync(
            spending.Open.Connection,
            document => document.Intent?.Id == spending.AttemptId ? document with { Held = refused, Intent = null } : null,
            deadline.Token
        );
        if (stored is null)
        {
            return new Exchange.Superseded();
        }

        log.Refused(spending.Open.Connection);
        return new Exchange.Refused(stored);
    }

    // A missing refresh token means: keep the one we have (RFC 6749 section 6).
    private HeldGrant Next(Spending spending, Sensitive? refreshToken)
    {
        var (connection, held) = (spending.Connection, spending.Held);
        return held with
        {
            RefreshToken = refreshToken ?? held.RefreshToken,
            Sequence = Math.Max(held.Sequence, connection.Status.Authorization?.Sequence ?? 0) + 1,
            Connection = connection.Metadata.NamespacedName,
            Binding = held.Binding with { Cluster = cluster.Id },
            RefusalTime = null,
            // Also where no new access token came: the request was attempted, and no other refresh token is spent for it.
            AccessToken = held.AccessToken with { AnsweredRequest = ConnectionRequests.RequestedAt(connection) },
        };
    }

    private static DateTimeOffset? ExpiryOf(TokenSet tokens, DateTimeOffset issueTime) =>
        tokens.RefreshTokenLifetime is { } lifetime ? WholeSeconds.Floor(issueTime + lifetime) : null;

    private static PendingGrant PendingGrantOf(Spending spending, HeldGrant next) =>
        new()
        {
            Connection = spending.Open.Connection,
            AttemptId = spending.AttemptId,
            Open = spending.Open,
            Next = next,
            Client = spending.Client,
        };

    private static Problem Moved(HeldGrant held, Uri endpoint) =>
        new(
            Reason.SpecChanged,
            $"The grant was given for the token endpoint {held.Binding.TokenEndpoint}, and the provider now names "
            + $"{endpoint.AbsoluteUri}; it is not sent there. If the move is genuine, consent again with visma-operator connect.",
            FailureKind.NeedsConsent
        );

    private static Problem NotStored(PendingGrant grant, string cause) =>
        new(
            Reason.GrantNotStored,
            $"The new refresh token of {grant.Connection} waits in memory and is stored as soon as that is possible: {cause}. Do not "
            + "delete the operator's pod until then.",
            FailureKind.Transient
        )
        {
            Stage = FailureStage.Storing,
        };

    /// <summary>An exchange whose intent is written.</summary>
    /// <param name="Connection">Whose grant it is.</param>
    /// <param name="Client">The client to exchange with.</param>
    /// <param name="Open">The grant with the intent.</param>
    /// <param name="Held">What is spent.</param>
    /// <param name="Earlier">The intent that it replaced; null where none stood.</param>
    private sealed record Spending(
        VismaConnection Connection,
        ResolvedClient Client,
        GrantSnapshot Open,
        HeldGrant Held,
        ExchangeIntent? Earlier)
    {
        public string AttemptId => Open.Document.Intent!.Id;

        /// <summary>When it was begun (a monotonic timestamp).</summary>
        public required long Began { get; init; }
    }
}
