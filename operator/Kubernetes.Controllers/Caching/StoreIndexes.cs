using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>
/// The indexes of a store, by name, kept in step with it. Not safe for use by several threads: the store's lock guards it.
/// </summary>
internal sealed class StoreIndexes<T>
    where T : class, IResource<T>
{
    private readonly Dictionary<string, StoreIndex<T>> indexes = new(StringComparer.Ordinal);

    /// <summary>Adds an index over what is there.</summary>
    public void Define(string name, Func<T, IEnumerable<string>> values, IEnumerable<T> present)
    {
        var index = new StoreIndex<T>(values);
        indexes.Add(name, index);
        foreach (var resource in present)
        {
            index.Add(resource.Metadata.NamespacedName, resource);
        }
    }

    /// <summary>The names that an index holds under a value.</summary>
    public IEnumerable<NamespacedName> Find(string index, string value) => indexes[index].Find(value);

    /// <summary>Follows a change of one object.</summary>
    public void Follow(NamespacedName name, T? before, T? after)
    {
        foreach (var index in indexes.Values)
        {
            if (before is not null)
            {
                index.Remove(name, before);
            }

            if (after is not null)
            {
                index.Add(name, after);
            }
        }
    }
}

/// <summary>
/// Finds names by a value that is computed from the object. Not safe for use by several threads: the store's lock guards it.
/// </summary>
internal sealed class StoreIndex<T>(Func<T, IEnumerable<string>> values)
    where T : class, IResource<T>
{
    private readonly Dictionary<string, HashSet<NamespacedName>> names = new(StringComparer.Ordinal);

    public IEnumerable<NamespacedName> Find(string value) => names.TryGetValue(value, out var found) ? found : [];

    public void Add(NamespacedName name, T resource)
    {
        foreach (var value in values(resource))
        {
            if (!names.TryGetValue(value, out var found))
            {
                names[value] = found = [];
            }

            found.Add(name);
        }
    }

    public void Remove(NamespacedName name, T resource)
    {
        foreach (var value in values(resource))
        {
            if (names.TryGetValue(value, out var found) && found.Remove(name) && found.Count == 0)
            {
                names.Remove(value);
            }
        }
    }
}
