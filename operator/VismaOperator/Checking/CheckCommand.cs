using System.Text.Json;
using VismaOperator.Manifests;
using VismaOperator.Rules;

namespace VismaOperator.Checking;

/// <summary>How <c>check</c> writes what it found.</summary>
public enum CheckOutput
{
    /// <summary>One line a finding, as compilers write them.</summary>
    Text,

    /// <summary>One <see cref="CheckReport"/>.</summary>
    Json,
}

/// <summary>The verb <c>check</c>.</summary>
public static class CheckCommand
{
    private const int Fine = 0;
    private const int ProblemsFound = 1;
    private const int UnusableArguments = 2;

    /// <summary>Checks files and folders. 0: no errors (there may be warnings); 1: errors; 2: a file cannot be read, or there is nothing to check.</summary>
    public static int Run(IReadOnlyList<string> files, CheckOutput output, AllowLists allowLists, TimeProvider time, TextWriter stdout, TextWriter stderr)
    {
        if (files.Count == 0)
        {
            stderr.WriteLine("visma-operator check: name at least one file or folder with -f");
            return UnusableArguments;
        }

        try
        {
            var report = ManifestCheck.Check(ManifestReader.Read(files), allowLists, time);
            Write(report, output, stdout);
            return report switch
            {
                { Errors: > 0 } => ProblemsFound,
                { Objects: 0 } => NothingToCheck(files, stderr),
                _ => Fine,
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            stderr.WriteLine($"visma-operator check: {exception.Message}");
            return UnusableArguments;
        }
    }

    // A pipeline whose path is wrong must not stay green.
    private static int NothingToCheck(IReadOnlyList<string> files, TextWriter stderr)
    {
        stderr.WriteLine($"visma-operator check: there is no OAuthClient and no VismaConnection in {string.Join(", ", files)}: name the folder that holds them");
        return UnusableArguments;
    }

    private static void Write(CheckReport report, CheckOutput output, TextWriter stdout)
    {
        if (output == CheckOutput.Json)
        {
            stdout.WriteLine(JsonSerializer.Serialize(report, CheckJsonContext.Default.CheckReport));
            return;
        }

        foreach (var finding in report.Findings)
        {
            stdout.WriteLine(Line(finding));
        }

        stdout.WriteLine($"{Counted(report.Objects, "object")} checked: {Counted(report.Errors, "error")}, {Counted(report.Warnings, "warning")}");
    }

    private static string Line(CheckFinding finding)
    {
        var about = finding.Kind is null ? string.Empty : $"{finding.Kind} {(finding.Namespace is null ? string.Empty : finding.Namespace + "/")}{finding.Name}: ";
        var path = finding.Path is null ? string.Empty : $"{finding.Path}: ";
        var severity = finding.Severity switch { Severity.Error => "error", Severity.Warning => "warning", _ => "info" };
        return $"{finding.File}:{finding.Line}:{finding.Column}: {severity}: {about}{path}{finding.Message} [{finding.Reason}]";
    }

    private static string Counted(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
