using System.Globalization;
using System.Text;

namespace Kubernetes.Client.Http;

/// <summary>Paths and queries of the API (<see href="https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris"/>), relative to the server's base address.</summary>
internal static class ResourcePath
{
    public static string Of(ResourceKind kind, NamespacedName name) => $"{Collection(kind, name.Namespace)}/{Uri.EscapeDataString(RequireName(kind, name))}";

    public static string StatusOf(ResourceKind kind, NamespacedName name) => $"{Of(kind, name)}/status";

    /// <summary>Where objects are created: a namespaced kind needs its namespace.</summary>
    public static string CollectionOf(ResourceKind kind, NamespacedName name) => Collection(kind, RequireNamespace(kind, name.Namespace));

    public static string Page(ResourceKind kind, ResourceSelector selector, int limit, string? continueToken)
    {
        var query = Selected(kind, selector);
        Append(query, "limit", limit.ToString(CultureInfo.InvariantCulture));
        Append(query, "continue", continueToken);
        return query.ToString();
    }

    public static string Watch(ResourceKind kind, ResourceSelector selector, string resourceVersion, TimeSpan timeout)
    {
        var query = Selected(kind, selector);
        Append(query, "watch", "true");
        Append(query, "allowWatchBookmarks", "true");
        Append(query, "resourceVersion", resourceVersion);
        Append(query, "timeoutSeconds", ((int)timeout.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        return query.ToString();
    }

    private static StringBuilder Selected(ResourceKind kind, ResourceSelector selector)
    {
        var query = new StringBuilder(Collection(kind, selector.Namespace ?? string.Empty));
        Append(query, "labelSelector", selector.LabelSelector);
        Append(query, "fieldSelector", selector.FieldSelector);
        return query;
    }

    private static void Append(StringBuilder query, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            var separator = query.ToString().Contains('?', StringComparison.Ordinal) ? '&' : '?';
            query.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }
    }

    private static string Collection(ResourceKind kind, string inNamespace)
    {
        var root = kind.Group.Length == 0 ? $"api/{kind.Version}" : $"apis/{kind.Group}/{kind.Version}";
        return inNamespace.Length == 0 ? $"{root}/{kind.Plural}" : $"{root}/namespaces/{Uri.EscapeDataString(inNamespace)}/{kind.Plural}";
    }

    private static string RequireName(ResourceKind kind, NamespacedName name)
    {
        RequireNamespace(kind, name.Namespace);
        return name.Name.Length > 0 ? name.Name : throw new ArgumentException($"The name of a {kind.Kind} is empty: the request would address all of them.", nameof(name));
    }

    private static string RequireNamespace(ResourceKind kind, string inNamespace) =>
        kind.IsNamespaced == inNamespace.Length > 0
            ? inNamespace
            : throw new ArgumentException(kind.IsNamespaced ? $"A {kind.Kind} needs a namespace." : $"A {kind.Kind} has no namespace.", nameof(inNamespace));
}
