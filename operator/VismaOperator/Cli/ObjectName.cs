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
    private static readonly Dictionary<string, ResourceKind> kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["vc"] = VismaConnection.ResourceKind,
        ["vismaconnection"] = VismaConnection.ResourceKind,
        ["vismaconnections"] = VismaConnection.ResourceKind,
        ["oac"] = OAuthClient.ResourceKind,
        ["oauthclient"] = OAuthClient.ResourceKind,
        ["oauthclients"] = OAuthClient.ResourceKind,
    };

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
            : kinds.TryGetValue(before.Replace("." + VismaNames.Group, string.Empty, StringComparison.OrdinalIgnoreCase), out var kind)
                ? new ObjectName(kind, null, name)
            : SettingChecks.NamespaceName(before) is null ? new ObjectName(null, before, name)
            : null;
    }
}

/// <summary>The options that say in which namespace a verb looks, as kubectl has them.</summary>
internal sealed class NamespaceSettings
{
    private readonly Setting one = new("namespace", "NAME", "Namespace. Default: that of the kubeconfig's context, or default");
    private readonly Setting all = new("all-namespaces", "true|false", "All namespaces. Default: false", SettingShape.Switch);

    public NamespaceSettings()
    {
        one.Option.Aliases.Add("-n");
        one.Option.CompletionSources.Add(Completions.Namespaces);
        all.Option.Aliases.Add("-A");
    }

    /// <summary>The options in the order of the help.</summary>
    public IEnumerable<Setting> All => [one, all];

    /// <summary>Reads which namespace is named, and whether all are meant.</summary>
    public (string? Namespace, bool IsAll) Read(SettingReader reader)
    {
        var isAll = reader.Switch(all) ?? false;
        var named = reader.Text(one);
        if (named is not null && SettingChecks.NamespaceName(named) is { } cause)
        {
            reader.Report(one, $"'{named}' {cause}", "Write the name of one namespace.");
        }
        else if (named is not null && isAll && reader.IsWritten(one) == reader.IsWritten(all))
        {
            reader.Report(one, "cannot be combined with --all-namespaces", "Leave one of them out.");
        }

        // What is written wins over a variable.
        return (isAll && reader.IsWritten(all) ? null : named, isAll && !reader.IsWritten(one));
    }

    /// <summary>True when all namespaces are asked for on the command line.</summary>
    public bool IsAllWritten(SettingReader reader) => reader.IsWritten(all) && reader.Switch(all) == true;

    /// <summary>Reports a namespace that is named twice and differently; a variable yields to the name.</summary>
    public void Compare(SettingReader reader, string? inName, string? named)
    {
        if (inName is not null && named is not null && inName != named && reader.IsWritten(one))
        {
            reader.Report(one, $"'{named}' is not the namespace {inName} of the name", "Name the namespace once.");
        }
    }
}
