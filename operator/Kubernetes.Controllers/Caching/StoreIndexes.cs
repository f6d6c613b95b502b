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
            index.Follow(resource.Metadata.NamespacedName, before: null, resource);
        }
    }

    /// <summary>The names that an index holds under a value.</summary>
    public IEnumerable<NamespacedName> Find(string index, string value) => indexes[index].Find(value);

    /// <summary>Follows a change of one object.</summary>
    public void Follow(NamespacedName name, T? before, T? after)
    {
        foreach (var index in indexes.Values)
        {
            index.Follow(name, before, after);
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

    /// <summary>Follows a change of one object. Most changes are of a status, and no value changes by them.</summary>
    public void Follow(NamespacedName name, T? before, T? after)
    {
        var (was, now) = (ValuesOf(before), ValuesOf(after));
        if (was.SequenceEqual(now))
        {
            return;
        }

        foreach (var value in was)
        {
            Remove(name, value);
        }

        foreach (var value in now)
        {
            Add(name, value);
        }
    }

    private IEnumerable<string> ValuesOf(T? resource) => resource is null ? [] : values(resource);

    private void Add(NamespacedName name, string value)
    {
        if (!names.TryGetValue(value, out var found))
        {
            names[value] = found = [];
        }

        found.Add(name);
    }

    private void Remove(NamespacedName name, string value)
    {
        if (names.TryGetValue(value, out var found) && found.Remove(name) && found.Count == 0)
        {
            names.Remove(value);
        }
    }
}
