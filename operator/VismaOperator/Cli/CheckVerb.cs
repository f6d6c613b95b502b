using System.CommandLine;
using VismaOperator.Cli.Check;
using VismaOperator.Local;
using VismaOperator.Manifests;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator check</c>: judges manifests without a cluster and without a network, unless it is asked to compare.</summary>
internal sealed class CheckVerb
{
    private static readonly Dictionary<string, CheckOutput> outputs = new(StringComparer.Ordinal)
    {
        ["text"] = CheckOutput.Text,
        ["json"] = CheckOutput.Json,
    };

    private readonly ManifestSetting manifests = new(
        "Required. Directory or file with manifests, or - for standard input; may be repeated"
    );
    private readonly Setting output = new(
        "output",
        "text|json",
        "Form of the findings on standard output. Default: text",
        variable: "check-output"
    );
    private readonly AllowListSettings allowLists = new();
    private readonly Setting compare = new(
        "cluster",
        "true|false",
        "Compare with the clients and connections of a cluster, and say which connections would lose their Secret. Default: false",
        SettingShape.Switch
    );
    private readonly ClusterSettings cluster = new();

    public CheckVerb() => output.Option.Aliases.Add("-o");

    private IEnumerable<Setting> All => [.. manifests.All, output, .. allowLists.All, compare, .. cluster.All];

    /// <summary>The verb.</summary>
    public Command ToCommand(CommandContext process)
    {
        return new Command(
            "check",
            "Checks manifests offline: schema, rules and references. Exit code 1 when there are errors, 2 when there is nothing to check."
        )
            .With(All)
            .Run(
                process,
                (reader, _) => Read(reader, process),
                (options, stop) => new CheckCommand(options, process.Time, process.Output, process.Error).RunAsync(stop)
            );
    }

    private CheckOptions Read(SettingReader reader, CommandContext process)
    {
        var paths = manifests.ReadPaths(reader, path => path == ManifestSource.StandardInput ? null : ManifestSetting.Missing(path));
        var source = new ManifestSource
        {
            Paths = paths,
            Ignored = manifests.ReadIgnored(reader),
            IsOutput = LocalFolders.AreOurs,
            Input = process.Input,
        };
        var (kubeconfig, context) = cluster.Read(reader);
        var isCompared = reader.Switch(compare) ?? false;
        return new CheckOptions
        {
            Source = source,
            Output = reader.Choice(output, CheckOutput.Text, outputs),
            AllowLists = allowLists.Read(reader),
            Live = isCompared ? stop => ClusterLook.ReadAsync(kubeconfig, context, process.Time, stop) : null,
        };
    }
}
