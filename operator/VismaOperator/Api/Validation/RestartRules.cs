using System.Globalization;

namespace VismaOperator.Api.Validation;

/// <summary>What the workloads to restart must fulfil.</summary>
internal static class RestartRules
{
    private const string Field = "spec.restart";

    /// <summary>True for a problem of restarts only, which keeps no token from being renewed.</summary>
    internal static bool IsOfRestart(FieldError problem) => problem.Path.StartsWith(Field, StringComparison.Ordinal);

    /// <summary>What keeps a workload from being restarted; null where nothing does.</summary>
    internal static FieldError? ProblemOf(WorkloadReference workload, int index = 0)
    {
        var findings = new Findings();
        Check(findings, PathOf(index), workload);
        return findings.All is [var first, ..] ? first : null;
    }

    internal static void Check(Findings findings, VismaConnectionSpec spec)
    {
        for (var index = 0; index < spec.Restart?.Count; index++)
        {
            Check(findings, PathOf(index), spec.Restart[index]);
        }
    }

    private static string PathOf(int index) => string.Create(CultureInfo.InvariantCulture, $"{Field}[{index}]");

    private static void Check(Findings findings, string path, WorkloadReference workload)
    {
        findings.Require(workload.Kind != WorkloadKind.Unrecognized, $"{path}.kind", NameRules.UnknownValue);
        NameRules.CheckSubdomain(findings, $"{path}.name", workload.Name);
    }
}
