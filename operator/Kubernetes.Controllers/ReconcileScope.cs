using System.Collections;
using Kubernetes.Client;

namespace Kubernetes.Controllers;

/// <summary>What every log line of one reconcile carries: which object, and which of its reconciles (unique in this process).</summary>
internal sealed class ReconcileScope(string kind, NamespacedName key, long reconcileId) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => 4;

    public KeyValuePair<string, object?> this[int index] =>
        index switch
        {
            0 => new("kind", kind),
            1 => new("namespace", key.Namespace),
            2 => new("name", key.Name),
            3 => new("reconcileId", reconcileId),
            _ => throw new ArgumentOutOfRangeException(nameof(index)),
        };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() =>
        Enumerable.Range(0, Count).Select(index => this[index]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>What a text log prints.</summary>
    public override string ToString() => $"{kind} {key} #{reconcileId}";
}
