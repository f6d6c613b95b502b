using System.Collections.Concurrent;
using System.Text.Json;
using Kubernetes.Client;
using Kubernetes.InMemory;

namespace VismaOperator.Tests.Support;

/// <summary>Every state that any object of the cluster ever had, with the time at which it was written.</summary>
internal sealed class ClusterRecord(TimeProvider time) : IClusterJournal
{
    private readonly ConcurrentQueue<Entry> entries = new();

    public IReadOnlyList<Entry> All => [.. entries];

    public void Write(ClusterObject written) => entries.Enqueue(new Entry(time.GetUtcNow(), written, IsGone: false));

    public void Delete(ClusterObject deleted) => entries.Enqueue(new Entry(time.GetUtcNow(), deleted, IsGone: true));

    /// <summary>Every state of the objects of a kind, oldest first.</summary>
    public IReadOnlyList<T> Of<T>(string? name = null)
        where T : class, IResource<T> =>
        [.. entries
            .Where(entry => !entry.IsGone && entry.Object.Kind == T.ResourceKind && (name is null || entry.Object.Name.Name == name))
            .Select(entry => JsonSerializer.Deserialize(entry.Object.Json.Span, T.JsonTypeInfo)!)];

    public sealed record Entry(DateTimeOffset Time, ClusterObject Object, bool IsGone);
}
