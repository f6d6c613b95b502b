using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Manifests;

namespace VismaOperator.Tests.Manifests;

/// <summary>
/// Manifests as kubectl reads them: the texts of <c>tests/kubectl</c>, and what the real kubectl made of them. Where kubectl takes a text,
/// it means the same object here; where it refuses one, there is a finding with line and column.
/// </summary>
public sealed class KubectlCorpusTests
{
    private static readonly JsonObject corpus = Read("corpus.json");
    private static readonly JsonObject answers = Read("answers.json");

    public static TheoryData<string> Names() => [.. corpus.Select(entry => entry.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_text_means_what_kubectl_takes_it_for(string name)
    {
        var set = ManifestReader.ReadText("case.yaml", corpus[name]!.GetValue<string>());
        var refused = answers[name]!["refused"]!.GetValue<bool>();
        var objects = answers[name]!["objects"]!.AsArray();

        Assert.Equal(
            objects.Select(item => Canonical(item, isRoot: true)),
            set.Documents.Take(refused ? objects.Count : int.MaxValue).Select(document => Canonical(document.Content, isRoot: true)));
        if (refused)
        {
            Assert.Contains(
                ManifestCheck.Check(set, new AllowLists(), TimeProvider.System).Findings,
                finding => finding is { Severity: Severity.Error, Line: > 0, Column: > 0 }
            );
        }
        else
        {
            Assert.DoesNotContain(
                set.Problems,
                problem =>
                    problem.Kind == ManifestProblemKind.Unreadable && !problem.Message.Contains("is given twice", StringComparison.Ordinal)
            );
        }
    }

    // Members in order of their names, numbers by their value, and the namespace that kubectl adds left out.
    private static string Canonical(JsonNode? node, bool isRoot = false) =>
        node switch
        {
            JsonObject members => "{"
                + string.Join(
                    ',',
                    members
                        .Where(member => !isRoot || member.Key != "metadata" || HasMore(member.Value))
                        .OrderBy(member => member.Key, StringComparer.Ordinal)
                        .Select(member =>
                            $"{JsonValue.Create(member.Key)!.ToJsonString()}:"
                            + Canonical(isRoot && member.Key == "metadata" ? WithoutDefault(member.Value) : member.Value)
                        )
                )
                + "}",
            JsonArray items => "[" + string.Join(',', items.Select(item => Canonical(item))) + "]",
            JsonValue value when value.GetValueKind() == JsonValueKind.Number => (
                double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture) + 0.0
            ).ToString("R", CultureInfo.InvariantCulture),
            _ => node?.ToJsonString() ?? "null",
        };

    private static bool HasMore(JsonNode? metadata) => metadata is not JsonObject members || WithoutDefault(members)!.AsObject().Count > 0;

    private static JsonNode? WithoutDefault(JsonNode? metadata)
    {
        var copy = metadata?.DeepClone();
        if (copy is JsonObject members && members["namespace"]?.GetValue<string>() == "default")
        {
            members.Remove("namespace");
        }

        return copy;
    }

    private static JsonObject Read(string file) =>
        JsonNode
            .Parse(
                File.ReadAllText(Support.Repository.Path("tests", "kubectl", file)),
                documentOptions: new JsonDocumentOptions { MaxDepth = 1000 }
            )!
            .AsObject();
}
