using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Probing;

/// <summary>Where a probe goes: base URL and path. The path cannot change the host, whatever is written there.</summary>
/// <param name="Url">The address.</param>
internal sealed record ProbeAddress(Uri Url)
{
    /// <summary>The address for messages: without its query.</summary>
    public string Words => Url.GetLeftPart(UriPartial.Path);

    /// <summary>The address; null where the two make none on the host of the base URL.</summary>
    public static ProbeAddress? Of(string baseUrl, string path) =>
        ProbeRules.IsPath(path)
        && Uri.TryCreate(baseUrl, UriKind.Absolute, out var start)
        && Uri.TryCreate(baseUrl.TrimEnd('/') + path, UriKind.Absolute, out var whole)
        && whole.GetLeftPart(UriPartial.Authority) == start.GetLeftPart(UriPartial.Authority)
        && whole is { UserInfo.Length: 0, Fragment.Length: 0 }
            ? new ProbeAddress(whole)
            : null;
}

/// <summary>
/// What a probe depends on beside the token: where it goes, and whether its settings keep the rules. A change of anything else leads to a
/// new token, which is probed anyway.
/// </summary>
internal sealed record ProbeTarget(string BaseUrl, string Path, bool IsValid)
{
    /// <summary>That of a connection.</summary>
    public static ProbeTarget Of(VismaConnectionSpec spec) =>
        new(spec.EffectiveBaseUrl(), spec.Probe.Path, ProbeRules.ProblemOf(spec) is null);
}
