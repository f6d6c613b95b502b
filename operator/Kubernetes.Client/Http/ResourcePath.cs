using System.Globalization;
using System.Text;

namespace Kubernetes.Client.Http;

/// <summary>
/// Paths and queries of the API (<see href="https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris"/>), relative to the
/// server's base address.
/// </summary>
internal static class ResourcePath
{
    public static string Of(ResourceKind kind, NamespacedName name) =>
        $"{Collection(kind, name.Namespace)}/{Uri.EscapeDataString(Addressed.Object(kind, name).Name)}";

    public static string StatusOf(ResourceKind kind, NamespacedName name) => $"{Of(kind, name)}/status";

    /// <summary>Where objects are created: a namespaced kind needs its namespace.</summary>
    public static string CollectionOf(ResourceKind kind, NamespacedName name) =>
        Collection(kind, Addressed.Collection(kind, name).Namespace);

    public static string Page(ResourceKind kind, ResourceSelector selector, int limit, string? continueToken)
    {
        var query = Selected(kind, selector);
        Append(query, "limit", limit.ToString(CultureInfo.InvariantCulture));
        Append(query, "continue", continueToken);
        return query.ToString();
    }

    /// <summary>A watch from a version on, or, with null, one that begins with every object that there is.</summary>
    public static string Watch(ResourceKind kind, ResourceSelector selector, string? resourceVersion, TimeSpan timeout)
    {
        var query = Selected(kind, selector);
        Append(query, "watch", "true");
        Append(query, "allowWatchBookmarks", "true");
        Append(query, "resourceVersion", resourceVersion);
        Append(query, "sendInitialEvents", resourceVersion is null ? "true" : null);
        Append(query, "resourceVersionMatch", resourceVersion is null ? "NotOlderThan" : null);
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
}

/// <summary>What a request is about, for messages: method, kind, and name or selection. Never the body.</summary>
internal sealed record ResourceRequest(HttpMethod Method, ResourceKind Kind, string Subject)
{
    public static ResourceRequest About(HttpMethod method, ResourceKind kind, NamespacedName name) => new(method, kind, name.ToString());

    public static ResourceRequest About(HttpMethod method, ResourceKind kind, ResourceSelector selector) =>
        new(method, kind, selector.Namespace is null ? "in all namespaces" : $"in namespace {selector.Namespace}");

    public override string ToString() =>
        $"{Method} {Kind.Plural}{(Kind.Group.Length == 0 ? string.Empty : $".{Kind.Group}")} {Subject}";
}
