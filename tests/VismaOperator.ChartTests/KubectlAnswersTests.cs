using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>
/// The recorded answers of kubectl to the texts of <c>tests/kubectl</c> are those of the real one. A dry run of the client asks a server
/// for nothing but the kinds that it has, which a few fixed answers give. <c>WRITE_GOLDEN=1</c> writes them again.
/// </summary>
public sealed class KubectlAnswersTests
{
    private static readonly JsonSerializerOptions readable = new()
    {
        WriteIndented = true,
        MaxDepth = 1000,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        IndentSize = 1,
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Folder { get; } = RepositoryFolder.PathOf("tests/kubectl");

    [Fact]
    public async Task The_recorded_answers_are_those_of_kubectl()
    {
        await using var server = await KubectlDryRun.StartAsync(Ct);
        var corpus = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "corpus.json"), Ct))!.AsObject();
        var answers = new JsonObject();
        foreach (var (name, text) in corpus)
        {
            answers[name] = await server.AnswerAsync(text!.GetValue<string>(), KubectlDryRun.UsualKinds, Ct);
        }

        var file = Path.Combine(Folder, "answers.json");
        if (Environment.GetEnvironmentVariable("WRITE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(file, answers.ToJsonString(readable) + "\n", Ct);
        }

        var recorded = JsonNode
            .Parse(await File.ReadAllTextAsync(file, Ct), documentOptions: new JsonDocumentOptions { MaxDepth = 1000 })!
            .AsObject();
        Assert.Equal(corpus.Select(entry => entry.Key), recorded.Select(entry => entry.Key));
        Assert.All(
            corpus,
            entry =>
                Assert.True(
                    JsonNode.DeepEquals(answers[entry.Key], recorded[entry.Key]),
                    $"{entry.Key}: {answers[entry.Key]?.ToJsonString()}"
                )
        );
    }
}
