using System.Text.Json;
using System.Text.Json.Nodes;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Kubectl;
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
            objects.Select(item => KubectlObject.Canonical(item, isRoot: true)),
            set.Documents
                .Take(refused ? objects.Count : int.MaxValue)
                .Select(document => KubectlObject.Canonical(document.Content, isRoot: true))
        );
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

    private static JsonObject Read(string file) =>
        JsonNode
            .Parse(
                File.ReadAllText(Support.Repository.Path("tests", "kubectl", file)),
                documentOptions: new JsonDocumentOptions { MaxDepth = 1000 }
            )!
            .AsObject();
}
