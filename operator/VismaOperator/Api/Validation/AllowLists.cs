using Lifecycle;

namespace VismaOperator.Api.Validation;

/// <summary>What the administrator allows; manifests cannot extend it.</summary>
public sealed record AllowLists
{
    /// <summary>Issuers that may be contacted; their hosts also bound every endpoint.</summary>
    public IReadOnlyList<string> AllowedIssuers { get; init; } =
        ["https://connect.visma.com", "https://connect.identity.stagaws.visma.com"];

    /// <summary>Hosts that tokens may be published for: <c>host</c>, or <c>host:port</c> where it is not the scheme's own port.</summary>
    public IReadOnlyList<string> AllowedApiHosts { get; init; } =
        ["api.finance.visma.net", "salesorder.visma.net", "business.visma.net"];

    /// <summary>True to accept issuers, endpoints and API hosts over plain http, for development.</summary>
    public bool AllowInsecureIssuers { get; init; }

    /// <summary>
    /// Prefixes of label and annotation keys that a Secret template may set. Empty: every key that is not reserved.
    /// </summary>
    public IReadOnlyList<string> AllowedMetadataPrefixes { get; init; } = [];

    /// <summary>True for a listed issuer; case of the host and a slash at the end do not matter.</summary>
    public bool AllowsIssuer(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var wanted)
        && Issuers().Any(issuer => HaveSameOrigin(issuer, wanted) && issuer.AbsolutePath.TrimEnd('/') == wanted.AbsolutePath.TrimEnd('/'));

    /// <summary>True for a URL on the scheme, host and port of a listed issuer.</summary>
    public bool AllowsEndpoint(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var wanted) && Issuers().Any(issuer => HaveSameOrigin(issuer, wanted));

    /// <summary>True for a URL on a listed API host.</summary>
    public bool AllowsApi(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var wanted)
        && AllowedApiHosts.Contains(wanted.Authority, StringComparer.OrdinalIgnoreCase);

    /// <summary>True for a label or annotation key that a Secret template may set, as far as the administrator limits it.</summary>
    public bool AllowsMetadataKey(string key) =>
        AllowedMetadataPrefixes.Count == 0 || AllowedMetadataPrefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal));

    private IEnumerable<Uri> Issuers() =>
        AllowedIssuers.Select(url => Uri.TryCreate(url, UriKind.Absolute, out var issuer) ? issuer : null).OfType<Uri>();

    // Uri has lower-cased scheme and host, and Authority leaves out the scheme's own port.
    private static bool HaveSameOrigin(Uri left, Uri right) => left.Scheme == right.Scheme && left.Authority == right.Authority;
}

/// <summary>Something in a spec that keeps it from working.</summary>
/// <param name="Path">Where, as JSON path from the object's root, for example <c>spec.clientSecrets[0].secretKeyRef.name</c>.</param>
/// <param name="Reason">Machine-readable reason in CamelCase: one of <see cref="Lifecycle.Reason"/>.</param>
/// <param name="Message">What is wrong and what to do, for a person; never a secret.</param>
public sealed record FieldError(string Path, string Reason, string Message);

/// <summary>Collects problems while a spec is checked.</summary>
internal sealed class Findings
{
    private readonly List<FieldError> problems = [];

    internal IReadOnlyList<FieldError> All => problems;

    /// <summary>Adds a problem unless the requirement is met.</summary>
    internal void Require(bool isMet, string path, string message)
    {
        if (!isMet)
        {
            Add(path, Reason.InvalidSpec, message);
        }
    }

    internal void Add(string path, string reason, string message) => problems.Add(new(path, reason, message));
}
