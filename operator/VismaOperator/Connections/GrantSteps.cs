using Kubernetes.Client;
using Kubernetes.Controllers;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Grants;
using VismaOperator.Publishing;

namespace VismaOperator.Connections;

/// <summary>
/// Carries out the decisions that have to do with a person's grant, and says how the facts are afterwards. One instance serves one
/// reconcile.
/// </summary>
internal sealed class GrantSteps(VismaConnection connection, Observation observation, ConnectionTools tools)
{
    // The grant as the next decision sees it; every step that changes it goes on from here.
    private GrantSnapshot? present = observation.Grant;

    private ResolvedClient Client =>
        observation.Client ?? throw new InvalidOperationException("A step with a grant was decided without a usable client.");

    /// <summary>Spends the refresh token. The next decision publishes the token that came with its successor.</summary>
    public async Task<Facts> ExchangeAsync(RefreshCause cause, Facts facts, CancellationToken cancellationToken)
    {
        var exchange = await tools.GrantRefresher.ExchangeAsync(connection, Client, present!, cancellationToken);
        tools.Metrics.Refreshed(cause, exchange is Exchange.Renewed ? RefreshResult.Stored : RefreshResult.Failed);
        if (exchange is Exchange.Failed failed)
        {
            tools.Log.RefreshFailed(cause, failed.Problem.Reason, failed.Problem.Message);
        }

        return await AfterAsync(exchange, facts, cancellationToken);
    }

    /// <summary>Announces that another process's open exchange will be taken over.</summary>
    public async Task<Facts> AnnounceTakeoverAsync(Facts facts, CancellationToken cancellationToken) =>
        await AfterAsync(await tools.GrantRefresher.AnnounceTakeoverAsync(present!, cancellationToken), facts, cancellationToken);

    private async Task<Facts> AfterAsync(Exchange exchange, Facts facts, CancellationToken cancellationToken) => exchange switch
    {
        Exchange.Renewed renewed => facts.Renewed(Take(renewed.Snapshot)),
        Exchange.Refused refused => facts.GrantRefused(Take(refused.Snapshot), tools.Time.GetUtcNow()),
        Exchange.Announced announced => facts.TakeoverAnnounced(Take(announced.Snapshot)),
        Exchange.Superseded => await LookAgainAsync(facts, cancellationToken),
        Exchange.Failed failed => (failed.Withdrawn is { } withdrawn ? facts with { Grant = new GrantFacts.Held(Take(withdrawn)) } : facts)
            .Failed(
                failed.Problem,
                failed.RetryAfter,
                tools.Time.GetUtcNow(),
                tools.Random(),
                tools.GrantRefresher.AnswerHeld(connection.Metadata.NamespacedName)
            ),
        _ => throw new InvalidOperationException($"Unknown exchange {exchange.GetType().Name}."),
    };

    /// <summary>Publishes the access token that stands beside the refresh token.</summary>
    public async Task<Facts> PublishAsync(Facts facts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        tools.Leadership.EnsureLeader();
        using var deadline = Deadline.After(TokenRefresher.StoreDeadline, tools.Time);
        var known = facts.WithAnswerHeld(((GrantFacts.Held)facts.Grant).Grant);
        var token = present!.Document.Held!.AccessToken with { AnsweredRequest = known.Connection.HandledRequest };
        switch (await tools.Publisher.PublishAsync(connection, token, seen: null, deadline.Token))
        {
            case Publication.Done done:
                tools.Log.Published(done.Token.ExpirationTime, done.Token.RefreshTime);
                return known.HeldPublished(done.Token);
            case Publication.Overtaken overtaken:
                return (await LookAgainAsync(facts, cancellationToken)).Overtaken(overtaken.Secret);
            case Publication.Refused refused:
                return facts.Failed(refused.Problem, retryAfter: null, tools.Time.GetUtcNow(), tools.Random());
            case var publication:
                throw new InvalidOperationException($"Unknown publication {publication.GetType().Name}.");
        }
    }

    /// <summary>Redeems the code that <c>connect</c> handed over.</summary>
    public async Task<Facts> RedeemAsync(Facts facts, CancellationToken cancellationToken)
    {
        tools.Leadership.EnsureLeader();
        return await tools.Handoffs.TakeAsync(connection, Client, cancellationToken) switch
        {
            HandoffTaking.Taken { Code: var code } => await RedeemAsync(
                code with
                {
                    Replaces = tools.GrantFacts.FormerIn(present?.Document, connection),
                },
                facts
            ),
            HandoffTaking.Unusable { Problem: var problem } => facts.ConsentFailed(
                (await tools.Redeemer.FailAsync(connection, problem, CancellationToken.None)).Failure
            ),
            HandoffTaking.Gone => facts.HandoffGone(),
            var taking => throw new InvalidOperationException($"Unknown taking {taking.GetType().Name}."),
        };
    }

    private async Task<Facts> RedeemAsync(ConsentCode code, Facts facts) =>
        await tools.Redeemer.RedeemAsync(connection, Client, code, CancellationToken.None) switch
        {
            Redemption.Stored stored => facts.Redeemed(Take(stored.Snapshot)),
            Redemption.Failed failed => facts.ConsentFailed(failed.Failure),
            Redemption.Pending => facts.HandoffGone(),
            var redemption => throw new InvalidOperationException($"Unknown redemption {redemption.GetType().Name}."),
        };

    /// <summary>Makes a link.</summary>
    public Facts Invite(Facts facts) => facts.Invited(new Invitation(
        tools.Links.New(connection.Metadata.NamespacedName),
        WholeSeconds.Floor(tools.Time.GetUtcNow() + Invitation.Lifetime)));

    /// <summary>
    /// Notes beside the grant what is to become of it once its connection is gone. Where that may not be written, everything else goes on
    /// all the same: the next exchange, which has to write there, says so.
    /// </summary>
    public async Task<Facts> NoteAsync(Facts facts, CancellationToken cancellationToken)
    {
        tools.Leadership.EnsureLeader();
        try
        {
            var document = present!.Document with { DeletionPolicy = connection.Spec.Authorization.DeletionPolicy };
            return facts.Noted(Take(await tools.GrantStore.WriteAsync(present, document, cancellationToken)));
        }
        catch (Exception failure) when (Outage.Caused(failure) && failure is not KubernetesException { IsConflict: true })
        {
            return facts.Noted(((GrantFacts.Held)facts.Grant).Grant);
        }
    }

    private async Task<Facts> LookAgainAsync(Facts facts, CancellationToken cancellationToken)
    {
        var seen = await tools.GrantObserver.ObserveAsync(connection, observation.Client, cancellationToken);
        present = seen.Snapshot;
        return facts with { Grant = seen.Grant, Consent = seen.Consent };
    }

    private GrantRecord Take(GrantSnapshot stored)
    {
        present = stored;
        tools.Known.Note(connection, stored.Document.Held!, observation.Client);
        return tools.GrantFacts.Record(connection, observation.Client, stored.Document, stored.Document.Held!);
    }
}
