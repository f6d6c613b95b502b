using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Grants;
using VismaOperator.Publishing;
using VismaOperator.Reporting;

namespace VismaOperator.Connections;

/// <summary>Carries out one decision and says how the facts are afterwards.</summary>
internal sealed class ConnectionSteps(
    TokenRefresher refresher,
    GrantRefresher exchanges,
    GrantSteps grants,
    ConsentSteps consents,
    SecretPublisher publisher,
    SecretRemovals removals,
    ConnectionReporter reporter,
    ILeadership leadership,
    TimeProvider time,
    Func<double> random,
    ConnectionLog log
)
{
    /// <summary>
    /// How long the removal of a former Secret may still take once the process is asked to stop. What is not removed by then stays on
    /// record.
    /// </summary>
    public static readonly TimeSpan RemovalGrace = TimeSpan.FromMilliseconds(500);

    /// <summary>The facts after the step; null when the decision is no step but where the reconcile comes to rest.</summary>
    /// <exception cref="LeadershipLostException">Another replica leads: nothing was done.</exception>
    public async Task<Facts?> TakeAsync(Decision decision, ReconcileState state, Facts facts, CancellationToken cancellationToken) =>
        decision switch
        {
            Decision.Inspect => await InspectAsync(state, facts, cancellationToken),
            Decision.Acknowledge => facts.Published(
                facts.Token! with
                {
                    SecretResourceVersion = ((SecretFacts.Owned)facts.Secret).ResourceVersion,
                    IsRewriteDue = false,
                }
            ),
            Decision.RecordToken step => RecordToken(step, state, facts),
            Decision.Rewrite => await RewriteAsync(state, facts, cancellationToken),
            Decision.Request request => await refresher.RefreshAsync(request.Cause, state, facts, cancellationToken),
            Decision.Exchange exchange => await grants.AfterExchangeAsync(
                exchange.Cause,
                await exchanges.ExchangeAsync(state.Connection, state.RequiredClient, state.Grant!, cancellationToken),
                state,
                facts,
                cancellationToken
            ),
            Decision.AnnounceTakeover => await grants.AfterAsync(
                await exchanges.AnnounceTakeoverAsync(state.Grant!, cancellationToken),
                state,
                facts,
                cancellationToken
            ),
            Decision.Publish => await grants.PublishAsync(state, facts, cancellationToken),
            Decision.Note => await grants.NoteAsync(state, facts, cancellationToken),
            Decision.Redeem redeem => await consents.RedeemAsync(redeem, state, facts, cancellationToken),
            Decision.Invite => consents.Invite(state, facts),
            Decision.RemoveFormer step => await RemoveFormerAsync(step, state, facts, cancellationToken),
            Decision.Withdraw withdraw => await WithdrawAsync(withdraw.Problem, state, facts, cancellationToken),
            _ => null,
        };

    /// <summary>The request that a token in memory, which could not be stored, is the answer to; null where none waits.</summary>
    public string? PendingAnswer(NamespacedName connection) => refresher.PendingAnswer(connection) ?? exchanges.PendingAnswer(connection);

    /// <summary>The connection is gone: what is in memory for it is dropped.</summary>
    public void Forget(NamespacedName connection)
    {
        refresher.Forget(connection);
        exchanges.Forget(connection);
        consents.Forget(connection);
        publisher.Forget(connection);
    }

    private async Task<Facts> InspectAsync(ReconcileState state, Facts facts, CancellationToken cancellationToken)
    {
        var (connection, secret) = (state.Connection, await publisher.ReadAsync(state.Connection, cancellationToken));
        var whose = SecretInspector.Whose(secret, connection);
        ContentFacts content = secret is not null && whose is SecretFacts.Owned
            ? BelievedToken.Of(
                SecretInspector.Judge(secret, connection, facts.Token), secret, connection, facts.Token, time.GetUtcNow())
            : new ContentFacts.Lost();
        state.Inspected = secret;
        return facts with { Secret = whose, Content = content };
    }

    private Facts RecordToken(Decision.RecordToken step, ReconcileState state, Facts facts)
    {
        refresher.Found(state.Name, step.Token);
        return facts.Recorded(step);
    }

    private async Task<Facts> RewriteAsync(ReconcileState state, Facts facts, CancellationToken cancellationToken)
    {
        if (state.Inspected is not { } inspected || SecretInspector.TokenIn(inspected, facts.Token!) is not { } token)
        {
            return facts with { Content = new ContentFacts.Lost() };
        }

        leadership.EnsureLeader();
        return await publisher.PublishAsync(state.Connection, token, inspected, cancellationToken) switch
        {
            Publication.Done done => facts.Published(done.Token),
            Publication.Overtaken overtaken => facts.Overtaken(overtaken.Secret),
            Publication.Blocked blocked => facts.Failed(blocked.Problem, retryAfter: null, time.GetUtcNow(), random()),
            var publication => throw new InvalidOperationException($"Unknown publication {publication.GetType().Name}."),
        };
    }

    // Not under the shutdown token: a request for a refresh that was served and not reported would be served again by the next process.
    private async Task<Facts> RemoveFormerAsync(
        Decision.RemoveFormer step,
        ReconcileState state,
        Facts facts,
        CancellationToken stop
    )
    {
        var former = facts.FormerSecrets.Select(name => state.Name with { Name = name }).ToList();
        using var deadline = Deadline.After(SecretPublisher.StoreDeadline, time);
        await using var stopping = stop.Register(() => deadline.Set(RemovalGrace));
        var removal = await publisher.RemoveAsync(former, state.Connection, leadership, deadline.Token);
        var isGivenUp = removal.IsForbidden || (step.IsLastAttempt && !stop.IsCancellationRequested);
        if (removal.Left.Count > 0 && !isGivenUp)
        {
            throw NotRemovedException.Of(removal); // every name stays on record; reported, also while the process ends
        }

        foreach (var (secret, failure) in removal.Left)
        {
            var cause = removal.IsForbidden ? "the operator may not delete it" : $"the API server {ApiTrouble.Answer(failure)}";
            log.FormerSecretNotRemoved(secret, cause);
            reporter.TellFormerSecretStays(state.Connection, secret, cause);
        }

        return facts.FormerRemoved();
    }

    private async Task<Facts> WithdrawAsync(Problem problem, ReconcileState state, Facts facts, CancellationToken cancellationToken)
    {
        var removal = await publisher.RemoveAsync(EveryName(state.Connection), state.Connection, leadership, cancellationToken);
        if (removal.IsForbidden)
        {
            log.NotWithdrawn(problem.Reason);
            return facts.Failed(MayNotWithdraw(problem, removal), retryAfter: null, time.GetUtcNow(), random());
        }

        if (removal.Left.Any(secret => secret.Failure is OperationCanceledException))
        {
            cancellationToken.ThrowIfCancellationRequested(); // the process ends: the next one withdraws
        }

        if (removal.Left.Count > 0)
        {
            throw NotRemovedException.Of(removal);
        }

        publisher.Forget(state.Name);
        removals.Add(state.Connection.ClientName(), state.Name, problem.Reason);
        log.Withdrawn(problem.Reason);
        return facts.Withdrawn(problem, time.GetUtcNow());
    }

    // A token may be in each of them.
    private static List<NamespacedName> EveryName(VismaConnection connection) =>
    [
        .. new[] { connection.Status.SecretName }
            .Concat(connection.Status.OtherSecretNames ?? [])
            .OfType<string>()
            .Select(name => connection.SecretName() with { Name = name })
            .Append(connection.SecretName())
            .Distinct(),
    ];

    private static Problem MayNotWithdraw(Problem withdrawal, RemovalResult removal)
    {
        var (it, what) = removal.Left.Count == 1 ? ("it", "the Secret") : ("them", "the Secrets");
        return new Problem(
            Reason.WithdrawalForbidden,
            $"{withdrawal.Message} {removal.Names} must be deleted, but the operator may not delete {it}: grant its service "
            + $"account delete on Secrets in namespace {removal.Left[0].Name.Namespace}, or delete {what} by hand. Everybody who can read "
            + $"{it} has a token until it expires."
        )
        {
            Stage = FailureStage.Withdrawing,
        };
    }
}

/// <summary>What the steps of one reconcile act on. It begins as it was observed, and each step keeps it up to date.</summary>
internal sealed class ReconcileState(VismaConnection connection, Observation observation)
{
    public VismaConnection Connection => connection;

    public NamespacedName Name => connection.Metadata.NamespacedName;

    /// <summary>The client with its credentials; null unless it can be used.</summary>
    public ResolvedClient? Client => observation.Client;

    /// <summary>The client, in a step that is decided only where there is one.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public ResolvedClient RequiredClient =>
        Client ?? throw new InvalidOperationException("A step that needs a client was decided without a usable one.");

    /// <summary>The grant as it is stored, as the next decision sees it; null where none is.</summary>
    public GrantSnapshot? Grant { get; set; } = observation.Grant;

    /// <summary>The token Secret as an inspection read it, so that a rewrite that follows does not read again; else null.</summary>
    public Secret? Inspected { get; set; }
}
