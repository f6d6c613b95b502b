using Kubernetes.Client;
using Kubernetes.Controllers;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Publishing;

namespace VismaOperator.Grants;

/// <summary>
/// Turns an authorization code into a stored grant. Called by the replica that a browser came back to, and by the leader for a code that
/// was handed over: the new grant replaces the one in the Secret, and has a family of its own.
/// </summary>
internal sealed class CodeRedeemer(
    GrantStore store,
    PendingGrantWrites pendingGrants,
    ClientTokenSource source,
    ProviderEndpoints endpoints,
    GrantRevoker revoker,
    ClusterIdentity cluster,
    TimeProvider time,
    Func<int, byte[]> randomBytes,
    GrantLog log
)
{
    /// <summary>
    /// As long as a person will wait for the page; after that the grant waits in memory and is stored as soon as that is possible.
    /// </summary>
    public static readonly TimeSpan GrantDeadline = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan requestDeadline = Policy.ExchangeDeadline;

    /// <summary>
    /// Redeems and stores. A code that was sent is used up with any outcome, so once bytes are sent only its own deadlines end the request.
    /// A code that surely was not sent can still be used: it is tried again for <see cref="UnsentCode.Patience"/>.
    /// </summary>
    /// <param name="connection">Whose consent it is.</param>
    /// <param name="client">The client to redeem it with.</param>
    /// <param name="code">The code.</param>
    /// <param name="stop">Ends the wait of a code that is not sent yet, and nothing else.</param>
    public async Task<Redemption> RedeemAsync(
        VismaConnection connection,
        ResolvedClient client,
        ConsentCode code,
        CancellationToken stop
    )
    {
        var wait = new UnsentCode(connection.Metadata.NamespacedName, time, log);
        var lookup = await LookUpAsync(client);
        if (lookup is not EndpointLookup.Found { Endpoint: var tokenEndpoint })
        {
            var missing = (EndpointLookup.NotFound)lookup;
            return await FailAsync(connection, code.Replaces, new Redemption.Failed(NotSent(missing.Problem)), CancellationToken.None);
        }

        DateTimeOffset issueTime;
        TokenOutcome outcome;
        do
        {
            issueTime = WholeSeconds.Floor(time.GetUtcNow());
            outcome = await RequestAsync(connection, client, tokenEndpoint, code);
        }
        while (outcome is TokenOutcome.Unavailable { MayHaveBeenProcessed: false } unsent
            && await wait.PassAsync(unsent.Cause, unsent.RetryAfter, stop));
        var (tokens, failed) = await JudgeAsync(connection, client, outcome);
        return failed is null
            ? await StoreAsync(connection, client, Held(connection, client, tokenEndpoint, tokens!, issueTime), code.Replaces)
            : await FailAsync(connection, code.Replaces, failed, CancellationToken.None);
    }

    /// <summary>
    /// Notes why a consent gave no grant, so that status can say it. What was there before is untouched. Where another consent was stored
    /// since, that one counts, and nothing is noted beside it.
    /// </summary>
    /// <param name="connection">For which connection.</param>
    /// <param name="replaces">The grant that stood when the consent was taken in.</param>
    /// <param name="failed">Why it failed.</param>
    /// <param name="cancellationToken">Gives the note up.</param>
    public async Task<Redemption.Failed> FailAsync(
        VismaConnection connection,
        FormerGrant? replaces,
        Redemption.Failed failed,
        CancellationToken cancellationToken
    )
    {
        using var deadline = Deadline.Linked(SecretPublisher.StoreDeadline, time, cancellationToken);
        failed = failed with { Time = WholeSeconds.Floor(time.GetUtcNow()) };
        log.ConsentFailed(connection.Metadata.NamespacedName, failed.Problem.Reason);
        try
        {
            var isSuperseded = false;
            await store.ChangeAsync(
                connection.Metadata.NamespacedName,
                document =>
                {
                    isSuperseded = document.Held is { } held && held.Family != replaces?.Family;
                    return isSuperseded ? null : document with { LastFailure = new ConsentFailure(failed.Problem, failed.Time) };
                },
                deadline.Token
            );
            return isSuperseded ? failed with { Cause = ConsentFailureCause.Superseded } : failed;
        }
        catch (Exception failure) when (failure is OperationCanceledException || Outage.Caused(failure))
        {
            // The person is informed nevertheless.
        }

        return failed;
    }

    // Tokens with a refresh token that may be kept, or why the consent failed. What the provider gave is handed back then.
    private async Task<(TokenSet? Tokens, Redemption.Failed? Failed)> JudgeAsync(
        VismaConnection connection,
        ResolvedClient client,
        TokenOutcome outcome
    )
    {
        if (outcome is not TokenOutcome.Granted { Tokens: var tokens })
        {
            var problem = client.Explain(outcome.Failure()!, ConnectionRequests.ContextOf(connection));
            var saved = (outcome as TokenOutcome.Malformed)?.RefreshToken;
            return outcome is TokenOutcome.Unavailable { MayHaveBeenProcessed: false }
                ? (null, new Redemption.Failed(NotSent(problem)))
                : (null, await HandBackAsync(connection, client, saved, new Redemption.Failed(NotRedeemed(problem))));
        }

        if (GrantedTokenCheck.OfConsent(connection, client, tokens) is { } objection)
        {
            return (null, await HandBackAsync(connection, client, tokens.RefreshToken, objection));
        }

        return tokens.RefreshToken is null ? (null, new Redemption.Failed(NoRefreshToken(client))) : (tokens, null);
    }

    /// <summary>
    /// Why a code cannot be sent at the moment. Ask before a code is taken: a temporary obstacle is best waited for while the code stays in
    /// its Secret.
    /// </summary>
    /// <returns>Null when it can be sent, or when waiting does not help.</returns>
    public async Task<Obstacle?> ObstacleAsync(ResolvedClient client, CancellationToken cancellationToken)
    {
        var lookup = await LookUpAsync(client).WaitAsync(cancellationToken);
        return lookup switch
        {
            EndpointLookup.NotFound { Problem.Kind: FailureKind.Transient } missing =>
                new Obstacle($"its token endpoint is not known. {missing.Problem.Message}", missing.RetryAfter),
            EndpointLookup.Found { Endpoint: var endpoint } when source.ClosedFor(endpoint) is { } pause =>
                new Obstacle("the provider asked for a pause, or has been failing.", pause),
            _ => null,
        };
    }

    /// <summary>The same, for somebody who waits for a page.</summary>
    public async Task<Obstacle?> ObstacleAfterPatienceAsync(VismaConnection connection, ResolvedClient client, CancellationToken stop)
    {
        var wait = new UnsentCode(connection.Metadata.NamespacedName, time, log);
        Obstacle? obstacle;
        do
        {
            obstacle = await ObstacleAsync(client, stop);
        }
        while (obstacle is not null && await wait.PassAsync(obstacle.Cause, obstacle.RetryAfter, stop));
        stop.ThrowIfCancellationRequested();
        return obstacle;
    }

    private async Task<EndpointLookup> LookUpAsync(ResolvedClient client)
    {
        using var deadline = Deadline.After(requestDeadline, time);
        try
        {
            return await endpoints.TokenAsync(client, deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return new EndpointLookup.NotFound(
                new Problem(
                    Reason.MetadataUnusable,
                    $"The discovery document of {client.Issuer} did not arrive in time: check the issuer and the network.",
                    FailureKind.Transient
                ),
                RetryAfter: null
            );
        }
    }

    private async Task<TokenOutcome> RequestAsync(
        VismaConnection connection,
        ResolvedClient client,
        Uri tokenEndpoint,
        ConsentCode code
    )
    {
        using var deadline = Deadline.After(requestDeadline, time);
        try
        {
            var request = new TokenRequest.AuthorizationCodeGrant(
                code.Code,
                code.CodeVerifier,
                code.RedirectUri,
                ConnectionRequests.TenantField(connection)
            );
            return await source.RequestAsync(connection.Metadata.NamespacedName, client, tokenEndpoint, request, deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return TokenOutcomeMapping.NoAnswer(requestDeadline);
        }
    }

    private async Task<Redemption> StoreAsync(VismaConnection connection, ResolvedClient client, HeldGrant held, FormerGrant? replaces)
    {
        var name = connection.Metadata.NamespacedName;
        using var deadline = Deadline.After(GrantDeadline, time);
        var grant = new PendingGrant
        {
            Connection = name,
            Replaces = replaces,
            Next = held,
            Client = client,
            DeletionPolicy = connection.Spec.Authorization.DeletionPolicy,
        };
        switch (await pendingGrants.StoreAsync(grant, deadline.Token))
        {
            case StoreResult.Stored stored:
                log.ConsentStored(name, held.Family);
                return new Redemption.Stored(stored.Snapshot);
            case StoreResult.Dropped:
                return new Redemption.Failed(
                    new Problem(
                        Reason.ConsentFailed,
                        "Another consent for the same connection was stored meanwhile, and that one counts.",
                        FailureKind.NeedsConsent
                    ),
                    ConsentFailureCause.Superseded
                );
            default:
                return new Redemption.Pending();
        }
    }

    // The person who consented is told what happened to the consent.
    private async Task<Redemption.Failed> HandBackAsync(
        VismaConnection connection,
        ResolvedClient client,
        Sensitive? refreshToken,
        Redemption.Failed failed
    )
    {
        if (refreshToken is null)
        {
            return failed;
        }

        if (await revoker.RevokeAsync(client, refreshToken, CancellationToken.None) is not { } cause)
        {
            return failed.Adding("What the provider gave was handed back.");
        }

        log.NotRevoked(connection.Metadata.NamespacedName, cause);
        return failed.Adding(
            $"What the provider gave could not be handed back ({cause}): it ends by itself, or when the person withdraws the consent in "
            + "the account at the provider."
        );
    }

    private HeldGrant Held(
        VismaConnection connection,
        ResolvedClient client,
        Uri tokenEndpoint,
        TokenSet tokens,
        DateTimeOffset issueTime
    ) =>
        new()
        {
            Connection = connection.Metadata.NamespacedName,
            Binding = GrantBinding.Of(connection, client, tokenEndpoint, cluster.Id),
            Client = client.Name,
            Family = Convert.ToHexStringLower(randomBytes(8)),
            Sequence = (connection.Status.Authorization?.Sequence ?? 0) + 1,
            RefreshToken = tokens.RefreshToken!,
            RefreshTokenExpirationTime = tokens.RefreshTokenLifetime is { } lifetime ? WholeSeconds.Floor(issueTime + lifetime) : null,
            GrantTime = issueTime,
            GrantedBy = SubjectOf(tokens),
            AccessToken = IssuedToken.From(
                tokens,
                connection,
                issueTime,
                TokenInputs.Join(ConnectionHashes.Inputs(connection), client.Inputs)
            ) with
            {
                AnsweredRequest = ConnectionRequests.RequestedAt(connection),
            },
        };

    private static string? SubjectOf(TokenSet tokens) =>
        TokenClaims.Of(tokens.AccessToken).Subject ?? (tokens.IdToken is { } idToken ? TokenClaims.Of(idToken).Subject : null);

    private static Problem NotRedeemed(Problem problem) =>
        new(
            Reason.ConsentFailed,
            $"The code of the consent could not be redeemed ({problem.Reason}). {problem.Message}",
            FailureKind.NeedsConsent
        );

    private static Problem NotSent(Problem problem) =>
        new(
            Reason.ConsentFailed,
            $"The code of the consent was not sent to the provider ({problem.Reason}). {problem.Message} Then consent again.",
            FailureKind.NeedsConsent
        );

    private static Problem NoRefreshToken(ResolvedClient client) =>
        new(
            Reason.ConsentFailed,
            $"The provider gave no refresh token. Allow offline access for the application behind OAuthClient {client.Name} in the "
            + "Visma developer portal, then consent again.",
            FailureKind.NeedsConsent
        );
}

/// <summary>Why a code cannot be sent at the moment.</summary>
/// <param name="Cause">Continues "the code is not sent yet:".</param>
/// <param name="RetryAfter">When to look again; null when nobody said.</param>
internal sealed record Obstacle(string Cause, TimeSpan? RetryAfter);

/// <summary>A code in hand that is not sent yet, and how long it may wait: a person, or a worker that others need, waits with it.</summary>
internal sealed class UnsentCode(NamespacedName connection, TimeProvider time, GrantLog log)
{
    /// <summary>How long it may wait in all.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly long begun = time.GetTimestamp();
    private TimeSpan least = TimeSpan.FromSeconds(1);

    /// <summary>Waits until it may be tried again.</summary>
    /// <returns>False when that is too long, or the wait was ended.</returns>
    public async Task<bool> PassAsync(string cause, TimeSpan? retryAfter, CancellationToken stop)
    {
        // It doubles, so that one code does not open the circuit of the issuer by itself.
        var pause = retryAfter > least ? retryAfter.Value : least;
        least *= 2;
        if (time.GetElapsedTime(begun) + pause > Patience || stop.IsCancellationRequested)
        {
            return false;
        }

        log.CodeUnsent(connection, cause);
        try
        {
            await time.DelayAsync(pause, stop);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
