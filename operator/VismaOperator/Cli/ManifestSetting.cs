using VismaOperator.Manifests;

namespace VismaOperator.Cli;

/// <summary>The options <c>-f</c>, as kubectl has it, and <c>--ignore</c>.</summary>
internal sealed class ManifestSetting
{
    private readonly Setting manifests;
    private readonly Setting ignored = new(
        "ignore",
        "PATTERN,...",
        $"Files and folders to pass over, such as charts, **/values.yaml or build/**; may be repeated. A file {IgnorePatterns.FileName} "
        + "in a folder holds patterns for it, one per line",
        SettingShape.List);

    /// <param name="description">What <c>-f</c> takes.</param>
    /// <param name="variable">The word of its variable; null for none.</param>
    public ManifestSetting(string description, string? variable = "")
    {
        manifests = new Setting("filename", "DIR", description, SettingShape.List, variable);
        manifests.Option.Aliases.Add("-f");
    }

    /// <summary>The options in the order of the help.</summary>
    public IEnumerable<Setting> All => [manifests, ignored];

    /// <summary>True when manifests are named on the command line.</summary>
    public bool IsWritten(SettingReader reader) => reader.IsWritten(manifests);

    /// <summary>The paths; each must fulfil the check, which answers with the cause or null, and there must be one.</summary>
    public IReadOnlyList<string> ReadPaths(SettingReader reader, Func<string, string?> check)
    {
        var paths = reader.List(manifests, check, "Name an existing directory or file.") ?? [];
        if (paths.Count == 0)
        {
            reader.Report(manifests, "is missing", "Name a directory with manifests: -f ./manifests.");
        }

        return paths;
    }

    /// <summary>The patterns.</summary>
    public IReadOnlyList<string> ReadIgnored(SettingReader reader) =>
        reader.List(ignored, IgnorePatterns.Objection, "Write it as in charts, *.json or deploy/**/values.yaml.") ?? [];

    /// <summary>What is wrong with a path; null for one that exists.</summary>
    public static string? Missing(string path) => Path.Exists(path) ? null : "does not exist";
}
