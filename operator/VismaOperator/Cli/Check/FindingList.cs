using VismaOperator.Api.Validation;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Check;

/// <summary>Collects findings and gives each its position.</summary>
internal sealed class FindingList
{
    private readonly List<CheckFinding> findings = [];
    private readonly Dictionary<ManifestDocument, List<string>> broken = [];

    internal IReadOnlyList<CheckFinding> InOrder() =>
        [
            .. findings
                .Distinct()
                .OrderBy(finding => finding.File, StringComparer.Ordinal)
                .ThenBy(finding => finding.Line)
                .ThenBy(finding => finding.Column),
        ];

    internal void Add(ManifestProblem problem) =>
        findings.Add(
            new()
            {
                File = problem.File,
                Line = problem.Position.Line,
                Column = problem.Position.Column,
                Severity = problem.Kind switch
                {
                    ManifestProblemKind.Unreadable => Severity.Error,
                    ManifestProblemKind.LeftOut => Severity.Warning,
                    _ => Severity.Info,
                },
                Reason = problem.Kind switch
                {
                    ManifestProblemKind.Unreadable => CheckReasons.UnreadableManifest,
                    ManifestProblemKind.LeftOut => CheckReasons.NotRead,
                    _ => CheckReasons.NoManifest,
                },
                Message = problem.Message,
            }
        );

    /// <summary>Adds what was found elsewhere.</summary>
    internal void Add(CheckFinding finding) => findings.Add(finding);

    /// <summary>
    /// Adds values that do not fit their schema. What is found at or below them later follows from that, and is left out.
    /// </summary>
    internal void Broken(ManifestDocument document, IReadOnlyList<FieldError> problems)
    {
        foreach (var problem in problems)
        {
            Error(document, problem.Path, problem.Reason, problem.Message);
        }

        Ignore(document, problems.Select(problem => problem.Path));
    }

    /// <summary>Leaves out what is found at or below these fields from now on; the empty path means the whole document.</summary>
    internal void Ignore(ManifestDocument document, IEnumerable<string> paths)
    {
        broken.TryAdd(document, []);
        broken[document].AddRange(paths);
    }

    internal void Error(ManifestDocument document, string path, string reason, string message) =>
        Add(document, path, Severity.Error, reason, message);

    internal void Warn(ManifestDocument document, string path, string reason, string message) =>
        Add(document, path, Severity.Warning, reason, message);

    internal void Inform(ManifestDocument document, string path, string reason, string message) =>
        Add(document, path, Severity.Info, reason, message);

    private static bool IsWithin(string path, string above) =>
        path == above || above.Length == 0 || (path.StartsWith(above, StringComparison.Ordinal) && path[above.Length] is '.' or '[');

    private void Add(ManifestDocument document, string path, Severity severity, string reason, string message)
    {
        if (broken.TryGetValue(document, out var paths) && paths.Exists(above => IsWithin(path, above)))
        {
            return;
        }

        var position = document.PositionOf(path);
        findings.Add(new()
        {
            File = document.File,
            Line = position.Line,
            Column = position.Column,
            Severity = severity,
            Reason = reason,
            Kind = document.Kind,
            Namespace = document.Namespace,
            Name = document.Name,
            Path = path.Length == 0 ? null : path,
            Message = message,
        });
    }
}
