using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Controllers;

namespace VismaOperator.VismaConnections;

/// <summary>
/// For which connections the API server refuses to let us write a Secret, and whether it has for long enough to be believed. One that was just started refuses everything for a moment: taken at its
/// word, every connection that is written then would call for a person who has nothing to do.
/// </summary>
internal sealed class WriteRefusals(TimeProvider time)
{
    private readonly ConcurrentDictionary<NamespacedName, ForbiddenPatience> refused = new();

    /// <summary>Takes note of a refusal. True when it is to be believed; one that is not yet is an outage, which the queue waits out.</summary>
    public bool IsBelieved(NamespacedName connection) => refused.GetOrAdd(connection, _ => new ForbiddenPatience(time)).IsOver();

    /// <summary>A Secret was written, or none is wanted any more.</summary>
    public void Forget(NamespacedName connection) => refused.TryRemove(connection, out _);
}
