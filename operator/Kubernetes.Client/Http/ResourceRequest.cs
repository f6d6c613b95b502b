namespace Kubernetes.Client.Http;

/// <summary>What a request is about, for messages: method, kind, and name or selection. Never the body.</summary>
internal sealed record ResourceRequest(HttpMethod Method, ResourceKind Kind, string Subject)
{
    public static ResourceRequest About(HttpMethod method, ResourceKind kind, NamespacedName name) => new(method, kind, name.ToString());

    public static ResourceRequest About(HttpMethod method, ResourceKind kind, ResourceSelector selector) =>
        new(method, kind, selector.Namespace is null ? "in all namespaces" : $"in namespace {selector.Namespace}");

    public override string ToString() =>
        $"{Method} {Kind.Plural}{(Kind.Group.Length == 0 ? string.Empty : $".{Kind.Group}")} {Subject}";
}
