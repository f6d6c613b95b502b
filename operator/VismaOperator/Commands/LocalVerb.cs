using System.CommandLine;
using VismaOperator.Hosting;
using VismaOperator.Local;

namespace VismaOperator.Commands;

/// <summary><c>visma-operator local</c>: the same controllers without a cluster.</summary>
internal sealed class LocalVerb
{
    private readonly Setting manifests = new("filename", "DIR", "Directory (or file) with manifests; may be repeated. Watched for changes", SettingShape.List);
    private readonly Setting output = new("out", "DIR", "Directory to publish tokens in, one folder a Secret, laid out as a mounted Secret is");
    private readonly Setting state = new("state", "DIR", "Directory that keeps statuses and tokens over restarts; one process at a time");
    private readonly Setting once = new("once", "true|false", "Stop when every connection is Ready (exit code 0) or Stalled (exit code 1). Default: false", SettingShape.Switch);
    private readonly AllowListSettings allowLists = new();
    private readonly LogSettings logs = new(LogFormat.Text);

    public LocalVerb() => manifests.Option.Aliases.Add("-f");

    private IEnumerable<Setting> All => [manifests, output, state, once, .. allowLists.All, .. logs.All];

    /// <summary>The verb; <paramref name="start"/> runs local mode with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<LocalOptions, CancellationToken, Task<int>> start)
    {
        var command = new Command("local", "Runs the same controllers without a cluster: manifests in, token files out.").With(All);
        command.SetAction((arguments, cancellationToken) =>
        {
            var reader = new SettingReader(arguments, process.Variable);
            var options = Read(reader);
            return reader.Problems.Count == 0 ? start(options, cancellationToken) : process.Refuse(reader.Problems);
        });
        return command;
    }

    private LocalOptions Read(SettingReader reader)
    {
        var options = new LocalOptions
        {
            Manifests = reader.List(manifests, MissingPath, "Name an existing directory or file.") ?? [],
            Output = reader.Text(output) ?? string.Empty,
            State = reader.Text(state) ?? string.Empty,
            Until = reader.Switch(once) ?? false ? LocalRun.Settled : LocalRun.Stopped,
            AllowLists = allowLists.Read(reader),
            Logs = logs.Read(reader),
        };
        Require(reader, manifests, options.Manifests.Count, "Name a directory with manifests: -f examples/quickstart.");
        Require(reader, output, options.Output.Length, "Name a directory for the token files: --out ./tokens.");
        Require(reader, state, options.State.Length, "Name a directory for what must survive a restart: --state ./state.");
        return options;
    }

    private static void Require(SettingReader reader, Setting setting, int length, string remedy)
    {
        if (length == 0)
        {
            reader.Report(setting, "is missing", remedy);
        }
    }

    private static string? MissingPath(string path) => Path.Exists(path) ? null : "does not exist";
}
