namespace VismaOperator.Commands;

/// <summary>The option <c>-f</c>, as kubectl has it.</summary>
internal static class ManifestSetting
{
    /// <summary>The option.</summary>
    public static Setting Create(string description)
    {
        var setting = new Setting("filename", "DIR", description, SettingShape.List);
        setting.Option.Aliases.Add("-f");
        return setting;
    }

    /// <summary>The paths; each must exist, and there must be one.</summary>
    public static IReadOnlyList<string> Read(SettingReader reader, Setting setting)
    {
        var paths = reader.List(setting, MissingPath, "Name an existing directory or file.") ?? [];
        if (paths.Count == 0)
        {
            reader.Report(setting, "is missing", "Name a directory with manifests: -f examples/quickstart.");
        }

        return paths;
    }

    private static string? MissingPath(string path) => Path.Exists(path) ? null : "does not exist";
}
