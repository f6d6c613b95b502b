namespace VismaOperator.Cli;

/// <summary>The option that names one namespace, as kubectl has it.</summary>
internal sealed class NamespaceSetting
{
    public NamespaceSetting()
    {
        One.Option.Aliases.Add("-n");
        One.Option.CompletionSources.Add(Completions.Namespaces);
    }

    /// <summary>The option.</summary>
    public Setting One { get; } = new("namespace", "NAME", "Namespace. Default: that of the kubeconfig's context, or default");

    /// <summary>Reads the namespace; null where none is named.</summary>
    public string? Read(SettingReader reader)
    {
        var named = reader.Text(One);
        if (named is not null && SettingChecks.NamespaceName(named) is { } cause)
        {
            reader.Report(One, $"'{named}' {cause}", "Write the name of one namespace.");
            return null;
        }

        return named;
    }

    /// <summary>Reports a namespace that is named twice and differently; a variable yields to the name.</summary>
    public void Compare(SettingReader reader, ObjectName? name, string? named)
    {
        if (name?.Namespace is { } inName && named is not null && inName != named && reader.IsWritten(One))
        {
            reader.Report(One, $"'{named}' is not the namespace of {name}", "Name the namespace once.");
        }
    }
}

/// <summary>The options that say in which namespace a verb looks, or that it looks in all of them.</summary>
internal sealed class NamespaceSettings
{
    private readonly NamespaceSetting one = new();
    private readonly Setting all = new("all-namespaces", "true|false", "All namespaces. Default: false", SettingShape.Switch);

    public NamespaceSettings()
    {
        all.Option.Aliases.Add("-A");
    }

    /// <summary>The options in the order of the help.</summary>
    public IEnumerable<Setting> All => [one.One, all];

    /// <summary>Reads which namespace is named, and whether all are meant.</summary>
    public (string? Namespace, bool IsAll) Read(SettingReader reader)
    {
        var isAll = reader.Switch(all) ?? false;
        var named = one.Read(reader);
        if (named is not null && isAll && reader.IsWritten(one.One) == reader.IsWritten(all))
        {
            reader.Report(one.One, "cannot be combined with --all-namespaces", "Leave one of them out.");
        }

        // What is written wins over a variable.
        return (isAll && reader.IsWritten(all) ? null : named, isAll && !reader.IsWritten(one.One));
    }

    /// <summary>True when all namespaces are asked for on the command line.</summary>
    public bool IsAllWritten(SettingReader reader) => reader.IsWritten(all) && reader.Switch(all) == true;

    /// <summary>Reports a namespace that is named twice and differently; a variable yields to the name.</summary>
    public void Compare(SettingReader reader, ObjectName? name, string? named) => one.Compare(reader, name, named);
}
