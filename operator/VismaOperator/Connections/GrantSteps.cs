using Kubernetes.Client;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using VismaOperator.Grants;
using VismaOperator.Publishing;

namespace VismaOperator.Connections;

/// <summary>Carries out the decisions about a stored grant, and says how the facts are after those and after an exchange.</summary>
internal sealed class GrantSteps(
    GrantRefresher refresher,
    GrantStore store,
    GrantObserver observer,
    SecretPublisher publisher,
    ILeadership leadership,
    TimeProvider time,
    Func<double> random,
    ConnectionMetrics metrics,
    ConnectionLog log
)
{
    /// <summary>
    /// What is known after an exchange. The next decision publishes the access token that came with the new refresh token.
    /// </summary>
    public async Task<Facts> AfterExchangeAsync(
        RefreshCause cause,
        Exchange exchange,
        ReconcileState state,
        Facts facts,
        CancellationToken cancellationToken
    )
    {
        metrics.Refreshed(cause, exchange is Exchange.Renewed ? RefreshResult.Stored : RefreshResult.Failed);
        if (exchange is Exchange.Failed failed)
        {
            log.RefreshFailed(cause, failed.Problem.Reason, failed.Problem.Message);
        }

        return await AfterAsync(exchange, state, facts, cancellationToken);
    }

    /// <summary>What is known after an exchange, or after one was announced.</summary>
    public async Task<Facts> AfterAsync(Exchange exchange, ReconcileState state, Facts facts, CancellationToken cancellationToken) =>
        exchange switch
        {
            Exchange.Renewed renewed => facts.Renewed(Take(renewed.Snapshot, state)),
            Exchange.Refused refused => facts.GrantRefused(Take(refused.Snapshot, state), time.GetUtcNow()),
            Exchange.Announced announced => facts.TakeoverAnnounced(Take(announced.Snapshot, state)),
            Exchange.Superseded => await LookAgainAsync(state, facts, cancellationToken),
            Exchange.Failed failed => AfterFailure(failed, state, facts),
            _ => throw new InvalidOperationException($"Unknown exchange {exchange.GetType().Name}."),
        };

    /// <summary>Publishes the access token that is stored beside the refresh token.</summary>
    public async Task<Facts> PublishAsync(ReconcileState state, Facts facts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        leadership.EnsureLeader();
        using var deadline = Deadline.After(SecretPublisher.StoreDeadline, time);
        var known = facts.AnsweredBy(((GrantFacts.Held)facts.Grant).Grant);
        var token = state.Grant!.Document.Held!.AccessToken with { AnsweredRequest = known.Connection.HandledRequest };
        switch (await publisher.PublishAsync(state.Connection, token, seen: null, deadline.Token))
        {
            case Publication.Done done:
                log.Published(done.Token.ExpirationTime, done.Token.RefreshTime);
                return known.HeldPublished(done.Token);
            case Publication.Overtaken overtaken:
                return (await LookAgainAsync(state, facts, cancellationToken)).Overtaken(overtaken.Secret);
            case Publication.Blocked blocked:
                return facts.Failed(blocked.Problem, retryAfter: null, time.GetUtcNow(), random());
            case var publication:
                throw new InvalidOperationException($"Unknown publication {publication.GetType().Name}.");
        }
    }

    /// <summary>
    /// Writes into the grant Secret what happens to the grant once its connection is gone. If that fails, everything else continues: the
    /// next exchange, which must write there, reports it.
    /// </summary>
    public async Task<Facts> NoteAsync(ReconcileState state, Facts facts, CancellationToken cancellationToken)
    {
        leadership.EnsureLeader();
        try
        {
            var document = state.Grant!.Document with { DeletionPolicy = state.Connection.Spec.Authorization.DeletionPolicy };
            return facts.Noted(Take(await store.WriteAsync(state.Grant, document, cancellationToken), state));
        }
        catch (Exception failure) when (Outage.Caused(failure) && failure is not KubernetesException { IsConflict: true })
        {
            return facts.Noted(((GrantFacts.Held)facts.Grant).Grant);
        }
    }

    private Facts AfterFailure(Exchange.Failed failed, ReconcileState state, Facts facts)
    {
        facts = failed.Withdrawn is { } stored ? facts with { Grant = new GrantFacts.Held(Take(stored, state)) } : facts;
        var (problem, retryAfter, now) = (failed.Problem, failed.RetryAfter, time.GetUtcNow());
        var pendingAnswer = refresher.PendingAnswer(state.Name);
        return failed.IsUnsent
            ? facts.FailedUnsent(problem, retryAfter, now, random(), pendingAnswer)
            : facts.Failed(problem, retryAfter, now, random(), pendingAnswer);
    }

    private async Task<Facts> LookAgainAsync(ReconcileState state, Facts facts, CancellationToken cancellationToken)
    {
        var seen = await observer.ObserveAsync(state.Connection, state.Client, cancellationToken);
        state.Grant = seen.Snapshot;
        return facts with { Grant = seen.Grant, Consent = seen.Consent };
    }

    private GrantRecord Take(GrantSnapshot stored, ReconcileState state)
    {
        state.Grant = stored;
        return observer.Stored(state.Connection, state.Client, stored);
    }
}
