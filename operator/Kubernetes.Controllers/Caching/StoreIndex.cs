using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

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
