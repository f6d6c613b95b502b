using System.Text.Json;
using System.Text.Json.Nodes;
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

        Assert.Null(KubectlDifference.Find(set, answers[name]!.AsObject()));
    }

    private static JsonObject Read(string file) =>
        JsonNode
            .Parse(
                File.ReadAllText(Support.Repository.Path("tests", "kubectl", file)),
                documentOptions: new JsonDocumentOptions { MaxDepth = 1000 }
            )!
            .AsObject();
}
