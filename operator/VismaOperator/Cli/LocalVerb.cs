using System.CommandLine;
using VismaOperator.Api;
using VismaOperator.Hosting;
using VismaOperator.Local;
using VismaOperator.Manifests;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator local</c>: the same controllers without a cluster.</summary>
internal sealed class LocalVerb
{
    private readonly ManifestSetting manifests = new("Required. Directory or file with manifests; may be repeated. Watched for changes");
    private readonly Setting output = new(
        "out",
        "DIR",
        "Required. Directory to publish tokens in, one folder per Secret, laid out as a mounted Secret is"
    );
    private readonly Setting state = new(
        "state",
        "DIR",
        "Required. Directory that keeps statuses and tokens over restarts; one process at a time"
    );
    private readonly Setting once = new(
        "once",
        "true|false",
        "Stop when every connection is Ready, Stalled or waiting for a consent and no refresh token is on its way; exit code 0 when "
            + "all are Ready and no refresh token was lost, else 1. Probes are not waited for (doctor -f DIR --request makes one). "
            + "Default: false",
        SettingShape.Switch
    );
    private readonly Setting timeout = new(
        "timeout",
        "DURATION",
        "With --once: give up after this long, such as 30s or 5m (exit code 1). Default: " + GoDuration.Format(LocalOptions.DefaultTimeout)
    );
    private readonly AllowListSettings allowLists = new();
    private readonly LogSettings logs = new(LogFormat.Text);

    private IEnumerable<Setting> All => [.. manifests.All, output, state, once, timeout, .. allowLists.All, .. logs.All];

    /// <summary>The verb; <paramref name="start"/> runs local mode with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<LocalOptions, CancellationToken, Task<int>> start)
    {
        return new Command(
            "local",
            "Runs the same controllers without a cluster: manifests in, the Secrets with client secrets among them, token files out. "
                + "Step by step: docs/local.md."
        )
            .With(All)
            .Run(process, (reader, _) => Read(reader), start);
    }

    private LocalOptions Read(SettingReader reader)
    {
        var options = new LocalOptions
        {
            Manifests = manifests.ReadPaths(reader, Objection),
            Ignored = manifests.ReadIgnored(reader),
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

    // Only a regular file has changes that can be watched.
    private static string? Objection(string path) =>
        path == ManifestSource.StandardInput
            ? "is standard input, which cannot be watched for changes"
            : ManifestSetting.Missing(path)
                ?? (
                    Directory.Exists(path) || new FileInfo(RealPath.Of(path)) is { Exists: true, Length: > 0 }
                        ? null
                        : "is empty, or no regular file, and cannot be watched for changes"
                );

    private void RequireApart(SettingReader reader, LocalOptions options)
    {
        if (
            options.State.Length > 0
            && options.Output.Length > 0
            && (RealPath.IsWithin(options.State, options.Output) || RealPath.IsWithin(options.Output, options.State))
        )
        {
            reader.Report(
                state,
                "is the directory of --out or lies within it, or it within this one: readers of tokens would find the operator's own "
                + "files there",
                "Name two directories side by side."
            );
        }

        RequireOutside(reader, options, output, options.Output);
        RequireOutside(reader, options, state, options.State);
    }

    // The other way round is allowed: folders of the operator within the manifests are not read.
    private static void RequireOutside(SettingReader reader, LocalOptions options, Setting setting, string folder)
    {
        if (
            folder.Length > 0
            && options.Manifests.FirstOrDefault(path => Path.Exists(path) && RealPath.IsWithin(path, folder)) is { } within
        )
        {
            reader.Report(
                setting,
                $"is the directory of -f {within}, or has it within: the operator would read its own files as manifests",
                "Name two directories side by side."
            );
        }
    }

    private static void Require(SettingReader reader, Setting setting, string value, string remedy)
    {
        if (value.Length == 0)
        {
            reader.Report(setting, "is missing", remedy);
        }
    }
}
