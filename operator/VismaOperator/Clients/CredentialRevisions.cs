using System.Collections.Concurrent;
using Kubernetes.Client;
using OAuth;

namespace VismaOperator.Clients;

/// <summary>
/// Names what a credential is made of by the version of its Secret in which that value was first seen. A change of a label, an annotation
/// or another key of the Secret keeps the name, so that no backoff starts again. Values are compared in memory and no name is derived from
/// them: names are written into statuses, and a weak secret could be guessed from its hash.
/// </summary>
internal sealed class CredentialRevisions
{
    private readonly ConcurrentDictionary<(NamespacedName Secret, string Key), Seen> known = new();

    /// <summary>The revision of a value that was read from a Secret.</summary>
    /// <param name="secret">The Secret.</param>
    /// <param name="key">The key of the value in it.</param>
    /// <param name="value">The value.</param>
    /// <param name="resourceVersion">Version of the Secret as read.</param>
    public string Of(NamespacedName secret, string key, Sensitive value, string resourceVersion) => known.AddOrUpdate(
        (secret, key),
        _ => new Seen(value, resourceVersion),
        (_, seen) => seen.Value.FixedTimeEquals(value) ? seen : new Seen(value, resourceVersion)).Revision;

    /// <summary>Forgets the values of every other Secret.</summary>
    public void KeepOnly(IReadOnlySet<NamespacedName> secrets)
    {
        foreach (var credential in known.Keys.Where(credential => !secrets.Contains(credential.Secret)))
        {
            known.TryRemove(credential, out _);
        }
    }

    private sealed record Seen(Sensitive Value, string Revision);
}
