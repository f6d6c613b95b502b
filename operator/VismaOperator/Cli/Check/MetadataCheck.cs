using System.Text;
using System.Text.Json.Nodes;
using Lifecycle;
using VismaOperator.Api.Crds;
using VismaOperator.Api.Validation;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Check;

/// <summary>
/// Checks the metadata of an object by the rules of Kubernetes
/// (<see href="https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"/>).
/// </summary>
internal sealed class MetadataCheck(FindingList findings)
{
    private const string Metadata = "metadata";
    private const int MaxName = 253;
    private const int MaxNamespace = 63;
    private const int MaxLabelValue = 63;
    private const int MaxAnnotations = 256 * 1024;

    internal void Check(ManifestDocument document)
    {
        var metadata = document.Content[Metadata] as JsonObject ?? [];
        findings.Broken(document, SchemaCheck.Check(metadata, Schemas.Metadata, Metadata));
        CheckName(document, metadata);
        Require(
            document,
            $"{Metadata}.namespace",
            document.Namespace is null || Fits(document.Namespace, MaxNamespace, Patterns.NamespaceName),
            "the name of a namespace is made of at most 63 lower-case letters, digits and dashes and begins and ends with a letter or "
            + "digit: correct it"
        );
        CheckKeys(document, metadata, "labels");
        CheckKeys(document, metadata, "annotations");
        foreach (var (key, value) in Texts(metadata, "labels"))
        {
            Require(
                document,
                FieldPath.Member($"{Metadata}.labels", key),
                Fits(value, MaxLabelValue, Patterns.LabelValue),
                "the value of a label is made of at most 63 letters, digits, dots, dashes and underscores and begins and ends with a "
                + "letter or digit: correct it, or use an annotation"
            );
        }

        Require(
            document,
            $"{Metadata}.annotations",
            Texts(metadata, "annotations").Sum(entry => Encoding.UTF8.GetByteCount(entry.Key) + Encoding.UTF8.GetByteCount(entry.Value))
                <= MaxAnnotations,
            "the annotations have more than 256 KiB in all: remove some"
        );
    }

    private void CheckName(ManifestDocument document, JsonObject metadata)
    {
        if (
            document.Name.Length == 0
            && metadata["generateName"] is JsonValue prefix
            && prefix.TryGetValue<string>(out var text)
            && text.Length > 0
        )
        {
            // The API server appends letters and digits, so the prefix may end with a dash or dot.
            Require(
                document,
                $"{Metadata}.generateName",
                Fits(text + "x", MaxName, Patterns.Subdomain),
                "generateName must be made of lower-case letters, digits, dashes and dots and begin with a letter or digit"
            );
            findings.Warn(
                document,
                $"{Metadata}.generateName",
                CheckReasons.GeneratedName,
                "only kubectl create takes generateName, and makes one more object each time; kubectl apply, Flux and Argo CD need a "
                + "name: write metadata.name"
            );
            return;
        }

        Require(
            document,
            $"{Metadata}.name",
            Fits(document.Name, MaxName, Patterns.Subdomain),
            "metadata.name must be made of at most 253 lower-case letters, digits, dashes and dots and begin and end with a letter or digit"
        );
    }

    private void CheckKeys(ManifestDocument document, JsonObject metadata, string part)
    {
        foreach (var key in (metadata[part] as JsonObject ?? []).Select(entry => entry.Key))
        {
            // The prefix of an annotation may have capitals.
            Require(
                document,
                FieldPath.Member($"{Metadata}.{part}", key),
                Patterns.MetadataKey.IsMatch(part == "labels" ? key : key.ToLowerInvariant()),
                "a key is an optional domain in lower case with a slash and a name of at most 63 letters, digits, dots, dashes and "
                + "underscores, such as example.com/team: correct the key"
            );
        }
    }

    private static IEnumerable<(string Key, string Value)> Texts(JsonObject metadata, string part) =>
        from entry in metadata[part] as JsonObject ?? []
        let text = entry.Value is JsonValue value && value.TryGetValue<string>(out var found) ? found : null
        where text is not null
        select (entry.Key, text);

    private static bool Fits(string text, int max, Pattern pattern) =>
        text.Length <= max && pattern.IsMatch(text);

    private void Require(ManifestDocument document, string path, bool isMet, string message)
    {
        if (!isMet)
        {
            findings.Error(document, path, Reason.InvalidSpec, message);
        }
    }
}
