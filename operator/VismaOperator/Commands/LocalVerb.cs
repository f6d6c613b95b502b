using System.CommandLine;
using VismaOperator.Hosting;
using VismaOperator.Local;
using VismaOperator.Rules;

namespace VismaOperator.Commands;

/// <summary><c>visma-operator local</c>: the same controllers without a cluster.</summary>
internal sealed class LocalVerb
{
    private readonly Setting manifests = ManifestSetting.Create("Directory (or file) with manifests; may be repeated. Watched for changes");
    private readonly Setting output = new("out", "DIR", "Directory to publish tokens in, one folder a Secret, laid out as a mounted Secret is");
    private readonly Setting state = new("state", "DIR", "Directory that keeps statuses and tokens over restarts; one process at a time");
    private readonly Setting once = new("once", "true|false", "Stop when every connection is Ready, Stalled or waiting for a consent; exit code 0 when all are Ready, else 1. Default: false", SettingShape.Switch);
    private readonly Setting timeout = new("timeout", "DURATION", "With --once: give up after this long, such as 30s or 5m (exit code 1). Default: " + GoDuration.Format(LocalOptions.DefaultTimeout));
    private readonly AllowListSettings allowLists = new();
    private readonly LogSettings logs = new(LogFormat.Text);

    private IEnumerable<Setting> All => [manifests, output, state, once, timeout, .. allowLists.All, .. logs.All];

    /// <summary>The verb; <paramref name="start"/> runs local mode with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<LocalOptions, CancellationToken, Task<int>> start)
    {
        var command = new Command("local", "Runs the same controllers without a cluster: manifests in, token files out.").With(All);
        command.SetAction((arguments, cancellationToken) =>
        {
            var reader = new SettingReader(arguments, process.Variable);
            var options = Read(reader);
            return reader.Problems.Count == 0 ? start(options, cancellationToken) : process.Refuse(command.Name, reader.Problems);
        });
        return command;
    }

    private LocalOptions Read(SettingReader reader)
    {
        var options = new LocalOptions
        {
            Manifests = ManifestSetting.Read(reader, manifests),
            Output = reader.Text(output) ?? string.Empty,
            State = reader.Text(state) ?? string.Empty,
            Until = reader.Switch(once) ?? false ? LocalRun.Settled : LocalRun.Stopped,
            Timeout = reader.Duration(timeout, LocalOptions.DefaultTimeout),
            AllowLists = allowLists.Read(reader),
            Logs = logs.Read(reader),
        };
        Require(reader, output, options.Output, "Name a directory for the token files: --out ./tokens.");
        Require(reader, state, options.State, "Name a directory for what must survive a restart: --state ./state.");
        RequireApart(reader, options);
        return options;
    }

    private void RequireApart(SettingReader reader, LocalOptions options)
    {
        if (options.State.Length > 0 && options.Output.Length > 0 && (IsWithin(options.State, options.Output) || IsWithin(options.Output, options.State)))
        {
            reader.Report(state, "is the directory of --out or lies within it, or it within this one: readers of tokens would find the operator's own files there", "Name two directories side by side.");
        }
    }

    // With a separator at the end of both, a directory lies within itself, and ./state-of-mine does not lie within ./state.
    private static bool IsWithin(string inner, string outer) => WithSeparator(inner).StartsWith(WithSeparator(outer), StringComparison.Ordinal);

    private static string WithSeparator(string path)
    {
        var full = Path.GetFullPath(path);
        return Path.EndsInDirectorySeparator(full) ? full : full + Path.DirectorySeparatorChar;
    }

    private static void Require(SettingReader reader, Setting setting, string value, string remedy)
    {
        if (value.Length == 0)
        {
            reader.Report(setting, "is missing", remedy);
        }
    }
}
