using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Grants;
using VismaOperator.Publishing;

namespace VismaOperator.Connections;

/// <summary>Carries out one decision and says how the facts are afterwards.</summary>
internal sealed class ConnectionSteps(
    TokenRefresher refresher,
    GrantSteps grants,
    ConsentSteps consents,
    SecretPublisher publisher,
    SecretRemovals removals,
    ILeadership leadership,
    TimeProvider time,
    Func<double> random,
    ConnectionLog log
)
{
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
                }
            ),
            Decision.RecordToken step => RecordToken(step, state, facts),
            Decision.Rewrite => await RewriteAsync(state, facts, cancellationToken),
            Decision.Request request => await refresher.RefreshAsync(request.Cause, state, facts, cancellationToken),
            Decision.Exchange exchange => await grants.ExchangeAsync(exchange.Cause, state, facts, cancellationToken),
            Decision.AnnounceTakeover => await grants.AnnounceTakeoverAsync(state, facts, cancellationToken),
            Decision.Publish => await grants.PublishAsync(state, facts, cancellationToken),
            Decision.Note => await grants.NoteAsync(state, facts, cancellationToken),
            Decision.Redeem => await consents.RedeemAsync(state, facts, cancellationToken),
            Decision.Invite => consents.Invite(state, facts),
            Decision.Withdraw withdraw => await WithdrawAsync(withdraw.Problem, state, facts, cancellationToken),
            _ => null,
        };

    /// <summary>The request that a token in memory, which could not be stored, is the answer to; null where none waits.</summary>
    public string? AnswerHeld(NamespacedName connection) => refresher.AnswerHeld(connection) ?? grants.AnswerHeld(connection);

    /// <summary>Deletes the Secret that held the token before <c>spec.secret.name</c> changed.</summary>
    /// <returns>False where the operator may not delete it.</returns>
    /// <exception cref="KubernetesException">The API server did not delete it.</exception>
    public async Task<bool> RemoveFormerAsync(VismaConnection connection, NamespacedName former, CancellationToken cancellationToken)
    {
        leadership.EnsureLeader();
        return await publisher.RemoveAsync([former], connection, cancellationToken) is null;
    }

    /// <summary>The connection is gone: what is in memory for it is dropped.</summary>
    public void Forget(NamespacedName connection)
    {
        refresher.Forget(connection);
        grants.Forget(connection);
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

    private async Task<Facts> WithdrawAsync(Problem problem, ReconcileState state, Facts facts, CancellationToken cancellationToken)
    {
        leadership.EnsureLeader();
        if (await publisher.RemoveAsync(EveryName(state.Connection), state.Connection, cancellationToken) is { } left)
        {
            log.NotWithdrawn(problem.Reason);
            return facts.Failed(MayNotWithdraw(problem, left), retryAfter: null, time.GetUtcNow(), random());
        }

        publisher.Forget(state.Name);
        removals.Add(state.Connection.ClientName(), state.Name, problem.Reason);
        log.Withdrawn(problem.Reason);
        return facts.Withdrawn(problem, time.GetUtcNow());
    }

    // The recorded one first: the token is there.
    private static NamespacedName[] EveryName(VismaConnection connection) =>
        connection.RecordedSecretName() is { } recorded && recorded != connection.SecretName()
            ? [recorded, connection.SecretName()]
            : [connection.SecretName()];

    private static Problem MayNotWithdraw(Problem withdrawal, NamespacedName secret) =>
        new(
            Reason.WithdrawalForbidden,
            $"{withdrawal.Message} Until then Secret {secret} should be gone, but the operator may not delete it: grant its service "
            + $"account delete on Secrets in namespace {secret.Namespace}, or delete the Secret by hand. Everybody who can read it has a "
            + "token until it expires."
        );
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
