using System.Text.Json;
using VismaOperator.Api.Validation;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Check;

/// <summary>How <c>check</c> writes what it found.</summary>
public enum CheckOutput
{
    /// <summary>One line a finding, as compilers write them.</summary>
    Text,

    /// <summary>One <see cref="CheckReport"/>.</summary>
    Json,
}

/// <summary>The options of <c>check</c>.</summary>
internal sealed record CheckOptions
{
    /// <summary>What is checked.</summary>
    public required ManifestSource Source { get; init; }

    /// <summary>How the findings are written.</summary>
    public CheckOutput Output { get; init; } = CheckOutput.Text;

    /// <summary>What the administrator allows.</summary>
    public AllowLists AllowLists { get; init; } = new();

    /// <summary>Reads what is in the cluster; null where nothing is compared.</summary>
    public Func<CancellationToken, Task<LiveObjects>>? Live { get; init; }
}

/// <summary>The verb <c>check</c>.</summary>
public sealed class CheckCommand
{
    private const int Fine = 0;
    private const int ProblemsFound = 1;
    private const int UnusableArguments = 2;

    private readonly CheckOptions options;
    private readonly TimeProvider time;
    private readonly TextWriter stdout;
    private readonly TextWriter stderr;

    internal CheckCommand(CheckOptions options, TimeProvider time, TextWriter stdout, TextWriter stderr) =>
        (this.options, this.time, this.stdout, this.stderr) = (options, time, stdout, stderr);

    /// <summary>
    /// Checks files and folders. 0: no errors (there may be warnings); 1: errors; 2: a file cannot be read, or there is nothing to check.
    /// </summary>
    public static int Run(
        IReadOnlyList<string> files,
        CheckOutput output,
        AllowLists allowLists,
        TimeProvider time,
        TextWriter stdout,
        TextWriter stderr
    )
    {
        var command = new CheckCommand(
            new CheckOptions
            {
                Source = new ManifestSource { Paths = files },
                Output = output,
                AllowLists = allowLists,
            },
            time,
            stdout,
            stderr
        );
        try
        {
            return command.Tell(command.Judge(live: null, CancellationToken.None));
        }
        catch (Exception exception) when (IsOfTheFiles(exception))
        {
            return command.Refuse(exception.Message);
        }
    }

    /// <summary>The same for all options, also with a cluster. Stopped before the end is 1; a cluster that cannot be read is 2.</summary>
    internal async Task<int> RunAsync(CancellationToken stop)
    {
        try
        {
            var (live, failure) = await LookAsync(stop);

            // Runs on another thread and is abandoned on stop: reading a large file, or a pipe that nobody writes to, may block.
            var code = Tell(await Task.Run(() => Judge(live, stop), stop).WaitAsync(stop));
            return failure is null ? code : Refuse(failure);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await stderr.WriteLineAsync("visma-operator check: stopped before the end");
            return ProblemsFound;
        }
        catch (Exception exception) when (IsOfTheFiles(exception))
        {
            return Refuse(exception.Message);
        }
    }

    // What the files alone show is reported also where the cluster cannot be read.
    private async Task<(LiveObjects? Live, string? Failure)> LookAsync(CancellationToken stop)
    {
        try
        {
            return (options.Live is { } look ? await look(stop) : null, null);
        }
        catch (LiveObjectsException exception)
        {
            return (null, exception.Message);
        }
    }

    private static bool IsOfTheFiles(Exception exception) => exception is IOException or UnauthorizedAccessException;

    private int Refuse(string message)
    {
        stderr.WriteLine($"visma-operator check: {message}");
        return UnusableArguments;
    }

    private CheckReport Judge(LiveObjects? live, CancellationToken stop) =>
        ManifestCheck.Check(ManifestReader.Read(options.Source, stop), options.AllowLists, time, live);

    private int Tell(CheckReport report)
    {
        Write(report);
        return report switch
        {
            { Errors: > 0 } => ProblemsFound,
            { Objects: 0 } => NothingToCheck(),
            _ => Fine,
        };
    }

    // A pipeline with a wrong path must fail.
    private int NothingToCheck() =>
        Refuse(
            $"there is no OAuthClient and no VismaConnection in {string.Join(", ", options.Source.Paths.Select(Named))}: "
                + "name the folder that holds them"
        );

    private static string Named(string path) => path == ManifestSource.StandardInput ? "standard input" : path;

    private void Write(CheckReport report)
    {
        if (options.Output == CheckOutput.Json)
        {
            stdout.WriteLine(JsonSerializer.Serialize(report, CheckJsonContext.Default.CheckReport));
            return;
        }

        foreach (var finding in report.Findings)
        {
            stdout.WriteLine(Line(finding));
        }

        stdout.WriteLine(
            $"{Counted(report.Objects, "object")} checked: {Counted(report.Errors, "error")}, {Counted(report.Warnings, "warning")}"
        );
    }

    private static string Line(CheckFinding finding)
    {
        var about = finding.Kind is null
            ? string.Empty
            : $"{finding.Kind} {(finding.Namespace is null ? string.Empty : finding.Namespace + "/")}{finding.Name}: ";
        var path = finding.Path is null ? string.Empty : $"{finding.Path}: ";
        var severity = finding.Severity switch
        {
            Severity.Error => "error",
            Severity.Warning => "warning",
            _ => "info",
        };
        return $"{finding.File}:{finding.Line}:{finding.Column}: {severity}: {about}{path}{finding.Message} [{finding.Reason}]";
    }

    private static string Counted(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
