using VismaOperator.Manifests;

namespace VismaOperator.Checking;

/// <summary>Collects findings and gives each its place.</summary>
internal sealed class FindingList
{
    private readonly List<CheckFinding> findings = [];

    internal IReadOnlyList<CheckFinding> InOrder() =>
        [.. findings.Distinct()
            .OrderBy(finding => finding.File, StringComparer.Ordinal)
            .ThenBy(finding => finding.Line)
            .ThenBy(finding => finding.Column)];

    internal void Add(ManifestProblem problem) => findings.Add(new()
    {
        File = problem.File,
        Line = problem.Position.Line,
        Column = problem.Position.Column,
        Severity = Severity.Error,
        Reason = CheckReasons.UnreadableManifest,
        Message = problem.Message,
    });

    internal void Error(ManifestDocument document, string path, string reason, string message) => Add(document, path, Severity.Error, reason, message);

    internal void Warn(ManifestDocument document, string path, string reason, string message) => Add(document, path, Severity.Warning, reason, message);

    internal void Inform(ManifestDocument document, string path, string reason, string message) => Add(document, path, Severity.Info, reason, message);

    private void Add(ManifestDocument document, string path, Severity severity, string reason, string message)
    {
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
