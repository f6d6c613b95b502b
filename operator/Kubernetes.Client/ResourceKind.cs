namespace Kubernetes.Client;

/// <summary>Where the API server serves a kind.</summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version, for example <c>v1</c>.</param>
/// <param name="Kind">Kind, for example <c>Secret</c>.</param>
/// <param name="Plural">Resource name in the path, for example <c>secrets</c>.</param>
/// <param name="IsNamespaced">False for cluster-scoped kinds.</param>
public sealed record ResourceKind(string Group, string Version, string Kind, string Plural, bool IsNamespaced)
{
    /// <summary><c>group/version</c>, or only the version in the core group.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";
}
