using VismaOperator.Api.Validation;

namespace VismaOperator.Cli;

/// <summary>The options that bound what manifests can ask for; shared by the verbs that judge manifests.</summary>
internal sealed class AllowListSettings
{
    private static readonly AllowLists defaults = new();

    private readonly Setting issuers = new(
        "allowed-issuers",
        "URL,...",
        "Issuers that may be contacted; discovered endpoints are held to their hosts. Default: "
        + $"{string.Join(",", defaults.AllowedIssuers)}",
        SettingShape.List);

    private readonly Setting apiHosts = new(
        "allowed-api-hosts",
        "HOST,...",
        "API hosts that a Secret may name as base_url, and that the token is sent to by spec.probe and doctor --request. "
            + $"Default: {string.Join(",", defaults.AllowedApiHosts)}",
        SettingShape.List);

    private readonly Setting insecureIssuers = new(
        "insecure-issuers",
        "true|false",
        "Accept issuers over plain http, for development: secrets then travel unencrypted. Default: false",
        SettingShape.Switch);

    private readonly Setting metadataPrefixes = new(
        "allowed-metadata-prefixes",
        "PREFIX,...",
        "Prefixes of label and annotation keys that a Secret template may set. Default: every key that is not reserved",
        SettingShape.List);

    /// <summary>The options in the order of the help.</summary>
    public IEnumerable<Setting> All => [issuers, apiHosts, insecureIssuers, metadataPrefixes];

    /// <summary>Those that bound where a browser may be sent.</summary>
    public IEnumerable<Setting> OfIssuers => [issuers, insecureIssuers];

    /// <summary>Reads the lists; absent ones take their defaults.</summary>
    public AllowLists Read(SettingReader reader)
    {
        var insecure = reader.Switch(insecureIssuers) ?? false;
        Func<string, string?> checkIssuer = insecure ? SettingChecks.InsecureIssuer : SettingChecks.Issuer;
        return new AllowLists
        {
            AllowedIssuers =
                reader.List(
                    issuers,
                    checkIssuer,
                    "Write it as in the discovery document, for example https://connect.visma.com; --insecure-issuers admits http."
                ) ?? defaults.AllowedIssuers,
            AllowedApiHosts =
                reader.List(apiHosts, SettingChecks.Host, "Write the host name alone, for example api.finance.visma.net.")
                ?? defaults.AllowedApiHosts,
            AllowInsecureIssuers = insecure,
            AllowedMetadataPrefixes = reader.List(metadataPrefixes) ?? defaults.AllowedMetadataPrefixes,
        };
    }
}
