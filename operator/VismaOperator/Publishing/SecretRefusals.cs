using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Controllers;

namespace VismaOperator.Publishing;

/// <summary>
/// Remembers which accesses to Secrets the API server refuses, and since when. An API server that was just started refuses everything for a
/// moment. So a refusal counts only after it has lasted (<see cref="ForbiddenPatience"/>); otherwise every connection that is looked at
/// then would ask for a person who has nothing to do.
/// </summary>
internal sealed class SecretRefusals(TimeProvider time)
{
    private readonly ConcurrentDictionary<(NamespacedName Connection, SecretAccess Access), ForbiddenPatience> refused = new();

    /// <summary>
    /// Carries an access out. The refusal when it was refused and that is to be believed, else null. A refusal that is not yet is thrown,
    /// as the outage that it may be, for the queue to wait out. Whatever else happens, an answer or another failure, makes the next refusal
    /// a first one again.
    /// </summary>
    public async Task<KubernetesException?> FindRefusalAsync(
        NamespacedName connection,
        SecretAccess access,
        Func<CancellationToken, Task> request,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await request(cancellationToken);
        }
        catch (KubernetesException failure) when (failure.IsForbidden)
        {
            if (refused.GetOrAdd((connection, access), _ => new ForbiddenPatience(time)).IsOver())
            {
                return failure;
            }

            throw;
        }
        catch
        {
            refused.TryRemove((connection, access), out _);
            throw;
        }

        refused.TryRemove((connection, access), out _);
        return null;
    }

    /// <summary>The connection is gone, or no Secret is wanted for it any more.</summary>
    public void Forget(NamespacedName connection)
    {
        foreach (var access in Enum.GetValues<SecretAccess>())
        {
            refused.TryRemove((connection, access), out _);
        }
    }
}

/// <summary>
/// What is asked of a Secret. A role may grant one and not another, so that an answer to one says nothing about the next.
/// </summary>
internal enum SecretAccess
{
    /// <summary>Its content is read.</summary>
    Read,

    /// <summary>A token or a grant is put into it.</summary>
    Publish,

    /// <summary>It is deleted.</summary>
    Remove,
}
