using System.Text.Json.Nodes;
using VismaOperator.Api.Crds;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Manifests;

namespace VismaOperator.Kubectl;

/// <summary>Whether <c>check</c> and local mode read a text as kubectl does.</summary>
internal static class KubectlDifference
{
    /// <summary>
    /// Null where they agree: kubectl takes the text, and it means the same objects here; or kubectl refuses it, and there is an error with
    /// line and column. After an error more is read here than kubectl does, so that one error hides no other.
    /// </summary>
    /// <param name="set">What was read here.</param>
    /// <param name="answer">What kubectl made of the text.</param>
    internal static string? Find(ManifestSet set, JsonObject answer)
    {
        var refused = answer["refused"]!.GetValue<bool>();
        var objects = answer["objects"]!.AsArray().ToLookup(item => IsOfAServer(item!));
        var isStricter = objects[false].Any();
        var theirs = objects[true].Select(item => KubectlObject.Canonical(item, isRoot: true)).ToList();
        var ours = set
            .Documents.Where(document => !refused || !document.IsRejected)
            .Take(refused ? theirs.Count : int.MaxValue)
            .Select(document => KubectlObject.Canonical(document.Content, isRoot: true))
            .ToList();
        return !theirs.SequenceEqual(ours)
                ? $"kubectl reads {string.Join(' ', theirs)}, and check {string.Join(' ', ours)} ({string.Join("; ", Told(set))})"
            : refused && !IsFound(set) ? "kubectl refuses it, and check finds no error"
            : isStricter && !Told(set).Any() ? "check takes what no server takes"
            : !refused && !isStricter && !IsTwice(set) && Told(set).Any() ? $"kubectl takes it, and check says: {Told(set).First()}"
            : null;
    }

    // kubectl passes on an object without apiVersion where some core kind has its name, and a List without items, which is no kind. The
    // first is refused by the API conventions, the second by every server, and check refuses both.
    private static bool IsOfAServer(JsonNode item) => item["apiVersion"] is not null && item["kind"]!.GetValue<string>() != "List";

    private static IEnumerable<string> Told(ManifestSet set) =>
        set.Problems.Where(problem => problem.Kind == ManifestProblemKind.Unreadable && !IsTwice(problem))
            .Select(problem => problem.Message);

    // A key that is given twice is an error here, and so is a fault below the first of the two. kubectl takes the last one and does not
    // look at the first.
    private static bool IsTwice(ManifestSet set) => set.Problems.Any(IsTwice);

    private static bool IsTwice(ManifestProblem problem) => problem.Message.Contains("is given twice", StringComparison.Ordinal);

    // What is said of a spec is no answer: kubectl does not look at it. It does look at the metadata of other kinds, which check does not.
    private static bool IsFound(ManifestSet set) =>
        set.Documents.Any(document => !ObjectCheck.IsOurs(document) && HasOddMetadata(document))
        || ManifestCheck
            .Check(set, new AllowLists(), TimeProvider.System)
            .Findings.Any(finding =>
                finding is { Severity: Severity.Error, Line: > 0, Column: > 0 }
                && (
                    finding.Reason == CheckReasons.UnreadableManifest
                    || finding.Path?.StartsWith("metadata", StringComparison.Ordinal) == true
                )
                && !finding.Message.Contains("is given twice", StringComparison.Ordinal)
            );

    private static bool HasOddMetadata(ManifestDocument document) =>
        document.Content["metadata"] is { } metadata
        && (metadata is not JsonObject || SchemaCheck.Check(metadata, Schemas.Metadata).Count > 0);
}
