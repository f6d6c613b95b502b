using System.Collections.Concurrent;
using OAuth;

namespace VismaOperator.Grants;

/// <summary>
/// Grants that a new consent takes the place of. Each is revoked, but only once the new one is stored, and only where the same secrets can:
/// one that is left over would be a key that nobody watches.
/// </summary>
internal sealed class ReplacedGrants(GrantRevoker revoker, GrantLog log)
{
    private readonly ConcurrentDictionary<string, HeldGrant> replaced = new();

    /// <summary>
    /// A write is about to take the place of what is held now. An exchange replaces nothing, and what is somebody else's is left to them.
    /// </summary>
    public void Note(PendingGrant successor, HeldGrant? held)
    {
        if (held is { RefusalTime: null } && successor.Replaces is { IsOurs: true } former && former.Family == held.Family)
        {
            replaced[successor.Id] = held;
        }
    }

    /// <summary>The write will not be tried any more.</summary>
    public void Forget(PendingGrant successor) => replaced.TryRemove(successor.Id, out _);

    /// <summary>Revokes what was replaced, now that it is known what became of the write.</summary>
    public async Task RevokeAsync(PendingGrant successor, StoreResult storage, CancellationToken cancellationToken)
    {
        if (replaced.TryRemove(successor.Id, out var held)
            && storage is StoreResult.Stored or StoreResult.Dropped { WasStored: true }
            && held.IsOfSameClientAs(successor.Held))
        {
            await RevokeAsync(successor, held.RefreshToken, cancellationToken);
        }
    }

    /// <summary>Revokes a token with the client that a successor came from, and logs when that is not possible.</summary>
    public async Task RevokeAsync(PendingGrant successor, Sensitive refreshToken, CancellationToken cancellationToken)
    {
        if (await revoker.RevokeAsync(successor.Client, refreshToken, cancellationToken) is { } cause)
        {
            log.NotRevoked(successor.Connection, cause);
        }
    }
}
