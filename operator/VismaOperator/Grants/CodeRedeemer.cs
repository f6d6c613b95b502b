using System.Globalization;
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
    /// As long as a person will wait for the page; after that the grant is held in memory and stored as soon as that is possible.
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
            return await FailAsync(connection, NotSent(((EndpointLookup.NotFound)lookup).Problem), CancellationToken.None);
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
        if (outcome is not TokenOutcome.Granted { Tokens: var tokens })
        {
            var problem = client.Explain(outcome.Failure()!, ConnectionRequests.ContextOf(connection));
            var saved = (outcome as TokenOutcome.Malformed)?.RefreshToken;
            return await FailAsync(
                connection,
                outcome is TokenOutcome.Unavailable { MayHaveBeenProcessed: false }
                    ? NotSent(problem)
                    : await HandBackAsync(connection, client, saved, NotRedeemed(problem)),
                CancellationToken.None
            );
        }

        if (GrantedTokenCheck.ProblemOfConsent(connection, client, tokens) is { } objection)
        {
            return await FailAsync(
                connection,
                await HandBackAsync(connection, client, tokens.RefreshToken, objection),
                CancellationToken.None
            );
        }

        return tokens.RefreshToken is { } refreshToken
            ? await StoreAsync(connection, client, Held(connection, client, tokenEndpoint, tokens, refreshToken, issueTime), code.Replaces)
            : await FailAsync(connection, NoRefreshToken(client), CancellationToken.None);
    }

    /// <summary>Notes why a consent gave no grant, so that status can say it. What was there before is untouched.</summary>
    public async Task<Redemption.Failed> FailAsync(VismaConnection connection, Problem problem, CancellationToken cancellationToken)
    {
        using var deadline = Deadline.After(SecretPublisher.StoreDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var failed = Failed(problem);
        log.ConsentFailed(connection.Metadata.NamespacedName, problem.Reason);
        try
        {
            await store.ChangeAsync(
                connection.Metadata.NamespacedName,
                document => document with { LastFailure = failed.Failure },
                either.Token
            );
        }
        catch (Exception failure) when (failure is OperationCanceledException || Outage.Caused(failure))
        {
            // The person is informed nevertheless.
        }

        return failed;
    }

    private Redemption.Failed Failed(Problem problem) => new(new ConsentFailure(problem, WholeSeconds.Floor(time.GetUtcNow())));

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
                new Problem(Reason.MetadataUnusable, $"The discovery document of {client.Issuer} does not come."),
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
            return await source.RequestAsync(client, tokenEndpoint, request, deadline.Token);
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
            Held = held,
            Client = client,
            DeletionPolicy = connection.Spec.Authorization.DeletionPolicy,
        };
        switch (await pendingGrants.StoreAsync(grant, deadline.Token))
        {
            case StoreResult.Stored stored:
                log.ConsentStored(name, held.Family);
                return new Redemption.Stored(stored.Snapshot);
            case StoreResult.Dropped:
                return Failed(
                    new Problem(Reason.ConsentFailed, "Another consent for the same connection was stored meanwhile, and that one counts.")
                ) with
                {
                    IsSuperseded = true,
                };
            default:
                return new Redemption.Pending();
        }
    }

    // The person who consented is told what happened to the consent.
    private async Task<Problem> HandBackAsync(VismaConnection connection, ResolvedClient client, Sensitive? refreshToken, Problem problem)
    {
        if (refreshToken is null)
        {
            return problem;
        }

        if (await revoker.RevokeAsync(client, refreshToken, CancellationToken.None) is not { } cause)
        {
            return problem with { Message = $"{problem.Message} What the provider gave was handed back." };
        }

        log.NotRevoked(connection.Metadata.NamespacedName, cause);
        return problem with
        {
            Message =
                $"{problem.Message} What the provider gave could not be handed back ({cause}): it ends by itself, or when the person "
                + "withdraws the consent in the account at the provider.",
        };
    }

    private HeldGrant Held(
        VismaConnection connection,
        ResolvedClient client,
        Uri tokenEndpoint,
        TokenSet tokens,
        Sensitive refreshToken,
        DateTimeOffset issueTime
    ) =>
        new()
        {
            Connection = connection.Metadata.NamespacedName,
            Binding = GrantBinding.Of(connection, client, tokenEndpoint, cluster.Id),
            Client = client.Name,
            Family = Convert.ToHexStringLower(randomBytes(8)),
            Sequence = (connection.Status.Authorization?.Sequence ?? 0) + 1,
            RefreshToken = refreshToken,
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
        problem with
        {
            Reason = Reason.ConsentFailed,
            Message = string.Create(
                CultureInfo.InvariantCulture,
                $"The code of the consent could not be redeemed ({problem.Reason}). {problem.Message}"
            ),
        };

    private static Problem NotSent(Problem problem) =>
        new(
            Reason.ConsentFailed,
            $"The code of the consent was not sent to the provider ({problem.Reason}). {problem.Message} Then consent again."
        );

    private static Problem NoRefreshToken(ResolvedClient client) =>
        new(
            Reason.ConsentFailed,
            $"The provider gave no refresh token. Allow offline access for the application behind OAuthClient {client.Name} in the "
            + "Visma developer portal, then consent again."
        );
}

/// <summary>A code that a person's consent gave, with what proves that we asked for it.</summary>
internal sealed record ConsentCode(Sensitive Code, Sensitive CodeVerifier, Uri RedirectUri)
{
    /// <summary>How long a code can be redeemed: Duende's own, and half of what RFC 6749 section 4.1.2 recommends at most.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>The grant that stood when the code was taken, which this consent is to replace; null when there was none.</summary>
    public FormerGrant? Replaces { get; init; }
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

/// <summary>What became of a code.</summary>
internal abstract record Redemption
{
    private Redemption()
    {
    }

    /// <summary>The grant is stored.</summary>
    public sealed record Stored(GrantSnapshot Snapshot) : Redemption;

    /// <summary>The grant is held in memory: the API server does not take it yet.</summary>
    public sealed record Pending : Redemption;

    /// <summary>There is no new grant, and why.</summary>
    public sealed record Failed(ConsentFailure Failure) : Redemption
    {
        /// <summary>True when another consent was stored first, which is what counts.</summary>
        public bool IsSuperseded { get; init; }
    }
}
