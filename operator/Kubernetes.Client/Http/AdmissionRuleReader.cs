using System.Text.RegularExpressions;

namespace Kubernetes.Client.Http;

/// <summary>
/// Reads the name of the webhook, policy or quota that denied a request. The API server gives it only in its message, followed by words
/// that may quote the request. So only the name is taken, by the wording of the API server and the characters of DNS names. It is for
/// people: nothing is decided by it. Each pattern looks at a few hundred characters at the beginning, however long the message is.
/// </summary>
internal static partial class AdmissionRuleReader
{
    // A DNS subdomain (RFC 1123), as the API server requires of the names of all of these.
    private const string Name = "(?<name>[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)";
    private const string Forbidden = "^(?:[a-z0-9.]{1,253} \"[-a-z0-9.]{0,253}\" is forbidden: )?";

    /// <summary>The rule that denied the request; null where the message is none of the known ones.</summary>
    public static AdmissionRule? Read(string? message)
    {
        if (message is null)
        {
            return null;
        }

        return Find(Webhook(), AdmissionRuleKind.Webhook, message) ?? Find(FailedWebhook(), AdmissionRuleKind.Webhook, message)
            ?? Find(Policy(), AdmissionRuleKind.Policy, message) ?? Find(Quota(), AdmissionRuleKind.Quota, message);
    }

    private static AdmissionRule? Find(Regex pattern, AdmissionRuleKind kind, string message) =>
        pattern.Match(message) is { Success: true } found ? new AdmissionRule(kind, found.Groups["name"].Value) : null;

    // k8s.io/apiserver, pkg/admission/plugin/webhook/errors: ToStatusErr
    [GeneratedRegex(
        $"^admission webhook \"{Name}\" denied the request",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Webhook();

    // The same folder's ErrCallingWebhook, wrapped by NewInternalError
    [GeneratedRegex(
        $"^Internal error occurred: failed calling webhook \"{Name}\": ",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex FailedWebhook();

    // pkg/admission/plugin/policy/validating
    [GeneratedRegex(
        Forbidden + $"(?:Validating|Mutating)AdmissionPolicy '{Name}'(?: with binding '[-a-z0-9.]{{1,253}}')? denied request: ",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Policy();

    // pkg/admission/plugin/resourcequota
    [GeneratedRegex(
        Forbidden
            + $"(?:exceeded quota: {Name}, requested: |failed quota: {Name}: must specify |status unknown for quota: {Name}, resources: )",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Quota();
}
