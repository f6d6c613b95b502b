using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Grants;

namespace VismaOperator.Cli.Connect;

/// <summary>
/// Waits until the operator has taken a code, and then for the outcome in the connection's status: another time of the grant, or another
/// failure. It looks once a second, since a watch would need one more permission.
/// </summary>
/// <param name="source">Where to look.</param>
/// <param name="time">The clock.</param>
/// <param name="note">Shows progress to the person who waits.</param>
internal sealed class OutcomeWait(IConnectionSource source, TimeProvider time, Action<string> note)
{
    private static readonly TimeSpan interval = TimeSpan.FromSeconds(1);

    /// <summary>A running operator takes a code within a second.</summary>
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(15);

    /// <summary>
    /// As long as the redemption may take, storing included, and a little more. Local mode may keep a code that it has for as long as the
    /// code lives.
    /// </summary>
    private static readonly TimeSpan redemption =
        Policy.CodeLifetime + UnsentCode.Patience + Policy.ExchangeDeadline + CodeRedeemer.GrantDeadline + TimeSpan.FromSeconds(20);

    /// <summary>Waits. A code that nobody takes before it is too old is taken back.</summary>
    /// <param name="before">The connection before the code was left, to distinguish a new outcome from an old one.</param>
    /// <param name="left">The code that was left.</param>
    /// <param name="expiry">When the code is too old.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ConsentResult> WaitAsync(
        VismaConnection before,
        ILeftHandoff left,
        DateTimeOffset expiry,
        CancellationToken cancellationToken
    )
    {
        var (begun, isNoted) = (time.GetTimestamp(), false);
        using var timer = time.Every(interval);
        while (!await left.IsTakenAsync(cancellationToken))
        {
            if (time.GetUtcNow() >= expiry)
            {
                if (await left.WithdrawAsync(cancellationToken))
                {
                    return new ConsentResult.Failed(await NotTakenAsync(before, cancellationToken));
                }

                break; // the operator has taken it
            }

            if (!isNoted && time.GetElapsedTime(begun) >= patience)
            {
                isNoted = true;
                note(
                    $"Nobody has taken the code yet. Is {source.Redeemer} running? It may be started until {InstantText.Of(expiry)}. "
                    + "Where it runs, its log says why the code is not sent yet."
                );
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }

        return await RedeemedAsync(before, timer, cancellationToken);
    }

    private async Task<ConsentResult> RedeemedAsync(VismaConnection before, PeriodicTimer timer, CancellationToken cancellationToken)
    {
        var name = before.Metadata.NamespacedName;
        var begun = time.GetTimestamp();
        while (time.GetElapsedTime(begun) < redemption)
        {
            var look = await source.FindAsync<VismaConnection>(name, cancellationToken);
            if (look is { Found: null, Failure: null })
            {
                return new ConsentResult.Failed($"VismaConnection {name} was deleted meanwhile.");
            }

            if (look.Found is { } connection && ResultOf(before, connection) is { } result)
            {
                return result;
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }

        return new ConsentResult.Failed(
            $"The operator took the code, but its outcome is unknown. Look at the status of VismaConnection {name} and at the "
            + "operator's log."
        );
    }

    // Other changes of Authorized may be older than the redemption of the code.
    private static ConsentResult? ResultOf(VismaConnection before, VismaConnection connection)
    {
        if (connection.Status.Authorization is { GrantTime: { } granted } grant && granted != before.Status.Authorization?.GrantTime)
        {
            return Conditions.Find(connection.Status.Conditions, ConditionType.Authorized) is { Status: "False" } refused
                ? new ConsentResult.Failed($"{refused.Reason}: {refused.Message}")
                : new ConsentResult.Consented(grant.GrantedBy, grant.ConsentExpirationTime);
        }

        return connection.Status.Authorization?.LastFailure is { } failure && failure != before.Status.Authorization?.LastFailure
            ? new ConsentResult.Failed($"{failure.Reason}: {failure.Message}")
            : null;
    }

    private async Task<string> NotTakenAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var look = await source.FindAsync<VismaConnection>(connection.Metadata.NamespacedName, cancellationToken);
        var stalled = Conditions.Find(look.Found?.Status.Conditions, ConditionType.Stalled);
        return $"Nobody redeemed the code before it was too old, so it was deleted. See that {source.Redeemer} runs and serves "
            + $"{connection.Metadata.NamespacedName}, then run connect again."
            + (stalled is null ? string.Empty : $" The operator last said: {stalled.Reason}: {stalled.Message}");
    }
}
