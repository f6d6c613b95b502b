using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Cli;

/// <summary>An object as a person names it: <c>NAME</c>, <c>NAMESPACE/NAME</c>, or <c>KIND/NAME</c> as kubectl prints it.</summary>
/// <param name="Kind">The kind that was named; null where none was.</param>
/// <param name="Namespace">The namespace that was named; null where none was.</param>
/// <param name="Name">The name.</param>
internal sealed record ObjectName(ResourceKind? Kind, string? Namespace, string Name)
{
    /// <summary>As it is written, without the kind.</summary>
    public override string ToString() => Namespace is null ? Name : $"{Namespace}/{Name}";

    private static readonly Dictionary<string, ResourceKind> kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["vc"] = VismaConnection.ResourceKind,
        ["vismaconnection"] = VismaConnection.ResourceKind,
        ["vismaconnections"] = VismaConnection.ResourceKind,
        ["oac"] = OAuthClient.ResourceKind,
        ["oauthclient"] = OAuthClient.ResourceKind,
        ["oauthclients"] = OAuthClient.ResourceKind,
        ["vcs"] = VismaConnectionSet.ResourceKind,
        ["vismaconnectionset"] = VismaConnectionSet.ResourceKind,
        ["vismaconnectionsets"] = VismaConnectionSet.ResourceKind,
    };

    /// <summary>The kind that a word before the slash names; null where it names none.</summary>
    public static ResourceKind? KindOf(string word) =>
        kinds.GetValueOrDefault(word.Replace("." + VismaNames.Group, string.Empty, StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads a name; null where it cannot be one. A kind is taken for one before a namespace is.</summary>
    public static ObjectName? Parse(string text)
    {
        var (before, name) = text.Split('/') switch
        {
            [var only] => (null, only),
            [var first, var second] => (first, second),
            _ => (string.Empty, string.Empty),
        };
        if (!Patterns.Subdomain.IsMatch(name))
        {
            return null;
        }

        return before is null ? new ObjectName(null, null, name)
            : KindOf(before) is { } kind ? new ObjectName(kind, null, name)
            : SettingChecks.NamespaceName(before) is null ? new ObjectName(null, before, name)
            : null;
    }

    /// <summary>Reads the name of a connection; reports anything else, and is null then.</summary>
    /// <param name="reader">Takes the report.</param>
    /// <param name="origin">The argument.</param>
    /// <param name="text">What was written.</param>
    public static ObjectName? ReadConnection(SettingReader reader, string origin, string text)
    {
        if (Parse(text) is { } name && (name.Kind is null || name.Kind == VismaConnection.ResourceKind))
        {
            return name;
        }

        if (text.StartsWith('-'))
        {
            reader.Report(text, "is no option that is known here", "Take one of those that --help shows.");
            return null;
        }

        reader.Report(
            origin,
            $"'{text}' is not the name of a connection",
            "Write it as integrations/acme-production, or acme-production -n integrations."
        );
        return null;
    }
}
