using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Controllers.Telemetry;
using OAuth;
using VismaOperator.Clients;
using VismaOperator.Reporting;

namespace VismaOperator.Grants;

/// <summary>
/// Grants that a new consent takes the place of. Each is revoked, but only once the new one is stored: one that is left over would be a key
/// that nobody watches. One that was given through another client is revoked with that one where it may still be used.
/// </summary>
/// <param name="revoker">Revokes.</param>
/// <param name="clientOf">The client that a grant of a connection was given through; null where it may not be used any more.</param>
/// <param name="log">Log of grants.</param>
internal sealed class ReplacedGrants(
    GrantRevoker revoker,
    Func<NamespacedName, HeldGrant, CancellationToken, Task<ResolvedClient?>> clientOf,
    GrantLog log
)
{
    private readonly ConcurrentDictionary<string, HeldGrant> replaced = new();

    /// <summary>
    /// A write is about to take the place of what is held now. An exchange replaces nothing, and what is somebody else's is left to them.
    /// </summary>
    public void Note(PendingGrant grant, HeldGrant? held)
    {
        if (held is { RefusalTime: null } && grant.Replaces is { IsOurs: true } former && former.Family == held.Family)
        {
            replaced[grant.Id] = held;
        }
    }

    /// <summary>The write will not be tried any more.</summary>
    public void Forget(PendingGrant grant) => replaced.TryRemove(grant.Id, out _);

    /// <summary>Revokes what was replaced, now that it is known what became of the write.</summary>
    public async Task RevokeAsync(PendingGrant grant, StoreResult result, CancellationToken cancellationToken)
    {
        if (replaced.TryRemove(grant.Id, out var held)
            && result is StoreResult.Stored or StoreResult.Dropped { WasStored: true })
        {
            await (
                held.IsOfSameClientAs(grant.Next)
                    ? RevokeAsync(grant, held.RefreshToken, cancellationToken)
                    : RevokeByFormerClientAsync(grant.Connection, held, cancellationToken)
            );
        }
    }

    private Task RevokeByFormerClientAsync(NamespacedName connection, HeldGrant held, CancellationToken cancellationToken) =>
        TryAsync(
            connection,
            async () =>
                await FindClientAsync(connection, held, cancellationToken) is { } client
                    ? await revoker.RevokeAsync(client, held.RefreshToken, cancellationToken)
                    : GrantClients.NotAvailable(held)
        );

    // The new grant is stored, and nothing that goes wrong here may make it look otherwise.
    private async Task<ResolvedClient?> FindClientAsync(NamespacedName connection, HeldGrant held, CancellationToken cancellationToken)
    {
        try
        {
            return await clientOf(connection, held, cancellationToken);
        }
        catch (Exception failure) when (ApiTrouble.Is(failure))
        {
            return null;
        }
    }

    /// <summary>Revokes a token with the client of a pending grant, and logs when that is not possible.</summary>
    public Task RevokeAsync(PendingGrant grant, Sensitive refreshToken, CancellationToken cancellationToken) =>
        TryAsync(grant.Connection, () => revoker.RevokeAsync(grant.Client, refreshToken, cancellationToken));

    private async Task TryAsync(NamespacedName connection, Func<Task<string?>> revoke)
    {
        string? cause;
        try
        {
            cause = await revoke();
        }
#pragma warning disable CA1031 // Every type: an end of this process would lose the tokens of other grants.
        catch (Exception bug)
#pragma warning restore CA1031
        {
            cause = $"the operator failed with {bug.GetType().Name}, which is a bug: {FailureText.InOneLine(bug)}";
        }

        if (cause is not null)
        {
            log.NotRevoked(connection, cause);
        }
    }
}
