using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Publishing;

namespace VismaOperator.Connections;

/// <summary>Carries out one decision and says how the facts are afterwards. One instance serves one reconcile.</summary>
internal sealed class ConnectionSteps(VismaConnection connection, Observation observation, ConnectionTools tools)
{
    private readonly GrantSteps grant = new(connection, observation, tools);

    // Read by an inspection, so that a rewrite that follows does not read again.
    private Secret? inspected;

    /// <summary>The facts after the step; null when the decision is no step but where the reconcile comes to rest.</summary>
    public async Task<Facts?> TakeAsync(Decision decision, Facts facts, CancellationToken cancellationToken) =>
        decision switch
        {
            Decision.Inspect => await InspectAsync(facts, cancellationToken),
            Decision.Acknowledge => facts.Published(
                facts.Token! with
                {
                    SecretResourceVersion = ((SecretFacts.Owned)facts.Secret).ResourceVersion,
                }
            ),
            Decision.Adopt adopt => Adopt(adopt, facts),
            Decision.Rewrite => await RewriteAsync(facts, cancellationToken),
            Decision.Request request => await RequestAsync(request.Cause, facts, cancellationToken),
            Decision.Exchange exchange => await grant.ExchangeAsync(exchange.Cause, facts, cancellationToken),
            Decision.AnnounceTakeover => await grant.AnnounceTakeoverAsync(facts, cancellationToken),
            Decision.Publish => await grant.PublishAsync(facts, cancellationToken),
            Decision.Redeem => await grant.RedeemAsync(facts, cancellationToken),
            Decision.Invite => grant.Invite(facts),
            Decision.Note => await grant.NoteAsync(facts, cancellationToken),
            Decision.Withdraw withdraw => await WithdrawAsync(withdraw.Problem, facts, cancellationToken),
            _ => null,
        };

    private async Task<Facts> InspectAsync(Facts facts, CancellationToken cancellationToken)
    {
        inspected = await tools.Publisher.ReadAsync(connection, cancellationToken);
        var whose = SecretInspector.Whose(inspected, connection);
        ContentFacts content = inspected is not null && whose is SecretFacts.Owned
            ? BelievedToken.Of(
                SecretInspector.Judge(inspected, connection, facts.Token), inspected, connection, facts.Token, tools.Time.GetUtcNow())
            : new ContentFacts.Lost();
        return facts with { Secret = whose, Content = content };
    }

    private Facts Adopt(Decision.Adopt adopt, Facts facts)
    {
        tools.Refresher.Found(connection.Metadata.NamespacedName, adopt.Token);
        return facts.Adopted(adopt);
    }

    private async Task<Facts> RewriteAsync(Facts facts, CancellationToken cancellationToken)
    {
        if (inspected is null || SecretInspector.TokenIn(inspected, facts.Token!) is not { } token)
        {
            return facts with { Content = new ContentFacts.Lost() };
        }

        tools.Leadership.EnsureLeader();
        return await tools.Publisher.PublishAsync(connection, token, inspected, cancellationToken) switch
        {
            Publication.Done done => facts.Published(done.Token),
            Publication.Overtaken overtaken => facts.Overtaken(overtaken.Secret),
            Publication.Refused refused => facts.Failed(refused.Problem, retryAfter: null, tools.Time.GetUtcNow(), tools.Random()),
            var publication => throw new InvalidOperationException($"Unknown publication {publication.GetType().Name}."),
        };
    }

    private async Task<Facts> RequestAsync(RefreshCause cause, Facts facts, CancellationToken cancellationToken)
    {
        var usable = observation.Client ?? throw new InvalidOperationException("A request was decided without a usable client.");
        var after = await tools.Refresher.RefreshAsync(connection, usable, facts, cancellationToken);
        var stored = after.Token is { } token && token != facts.Token ? token : null;
        tools.Metrics.Refreshed(cause, stored is null ? RefreshResult.Failed : RefreshResult.Stored);
        if (stored is not null)
        {
            tools.Log.Refreshed(cause, stored.ExpirationTime, stored.RefreshTime);
        }
        else if (after.Failure is { } failure && failure != facts.Failure)
        {
            tools.Log.RefreshFailed(cause, failure.Reason, failure.Message);
        }

        return after;
    }

    private async Task<Facts> WithdrawAsync(Problem problem, Facts facts, CancellationToken cancellationToken)
    {
        tools.Leadership.EnsureLeader();
        if (await tools.Publisher.RemoveAsync(EveryName(), connection, cancellationToken) is { } left)
        {
            tools.Log.NotWithdrawn(problem.Reason);
            return facts.Failed(MayNotWithdraw(problem, left), retryAfter: null, tools.Time.GetUtcNow(), tools.Random());
        }

        tools.Publisher.Forget(connection.Metadata.NamespacedName);
        tools.Removals.Add(connection.ClientName(), connection.Metadata.NamespacedName, problem.Reason);
        tools.Log.Withdrawn(problem.Reason);
        return facts.Withdrawn(problem, tools.Time.GetUtcNow());
    }

    // The recorded one first: the token is there.
    private NamespacedName[] EveryName() =>
        connection.RecordedSecretName() is { } recorded && recorded != connection.SecretName()
            ? [recorded, connection.SecretName()]
            : [connection.SecretName()];

    private static Problem MayNotWithdraw(Problem withdrawal, NamespacedName secret) =>
        new(
            Reason.WithdrawalForbidden,
            $"{withdrawal.Message} Until then Secret {secret} should be gone, but the operator may not delete it: grant its service "
            + $"account delete on Secrets in namespace {secret.Namespace}, or delete the Secret by hand. Whoever can read it has a token "
            + "until it expires."
        );
}
