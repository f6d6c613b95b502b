namespace VismaOperator.Rules;

/// <summary>What the administrator allows, whatever a manifest says.</summary>
public sealed record AllowLists
{
    /// <summary>Issuers that may be contacted; their hosts also bound every endpoint.</summary>
    public IReadOnlyList<string> AllowedIssuers { get; init; } =
        ["https://connect.visma.com", "https://connect.identity.stagaws.visma.com"];

    /// <summary>Hosts that tokens may be published for (<c>host</c> or <c>host:port</c>).</summary>
    public IReadOnlyList<string> AllowedApiHosts { get; init; } =
        ["api.finance.visma.net", "salesorder.visma.net", "business.visma.net"];

    /// <summary>True to accept issuers and endpoints over plain http, for development.</summary>
    public bool AllowInsecureIssuers { get; init; }

    /// <summary>
    /// Prefixes of label and annotation keys that a Secret template may set. Empty: every key that is not reserved.
    /// </summary>
    public IReadOnlyList<string> AllowedMetadataPrefixes { get; init; } = [];
}
