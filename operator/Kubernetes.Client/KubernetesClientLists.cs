namespace Kubernetes.Client;

/// <summary>Lists that are read to their end.</summary>
public static class KubernetesClientLists
{
    // As client-go's pager: a page of usual objects stays below a megabyte.
    private const int PageSize = 500;

    /// <summary>Every object that the selector chooses, read page by page.</summary>
    /// <exception cref="KubernetesException">The server refused a page.</exception>
    public static async Task<List<T>> ListAsync<T>(
        this IKubernetesClient client,
        ResourceSelector selector,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T>
    {
        var items = new List<T>();
        string? next = null;
        do
        {
            var page = await client.ListPageAsync<T>(selector, PageSize, next, cancellationToken).ConfigureAwait(false);
            items.AddRange(page.Items);
            next = page.ContinueToken;
        }
        while (next is not null);
        return items;
    }
}
