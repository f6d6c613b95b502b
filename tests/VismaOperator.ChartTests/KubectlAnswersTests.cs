using System.Collections.Concurrent;
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
    private const int AtOnce = 20; // texts that one run of kubectl reads

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
        var corpus = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "corpus.json"), Ct))!.AsObject();
        var file = Path.Combine(Folder, "answers.json");
        var answers = await AskAsync(
            corpus.ToDictionary(entry => entry.Key, entry => entry.Value!.GetValue<string>()),
            await RecordedAsync(file)
        );
        if (Environment.GetEnvironmentVariable("WRITE_GOLDEN") == "1")
        {
            var all = new JsonObject(corpus.Select(entry => KeyValuePair.Create(entry.Key, answers[entry.Key]?.DeepClone())));
            await File.WriteAllTextAsync(file, all.ToJsonString(readable) + "\n", Ct);
        }

        var recorded = await RecordedAsync(file);
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

    private static async Task<JsonObject> RecordedAsync(string file) => JsonNode
        .Parse(await File.ReadAllTextAsync(file, Ct), documentOptions: new JsonDocumentOptions { MaxDepth = 1000 })!
        .AsObject();

    // What kubectl answered the last time it answers again, to many texts at once. Where it does not, it is asked about the one.
    private static async Task<ConcurrentDictionary<string, JsonNode?>> AskAsync(Dictionary<string, string> corpus, JsonObject recorded)
    {
        var answers = new ConcurrentDictionary<string, JsonNode?>();
        await using var server = await KubectlDryRun.StartAsync(Ct);
        await Parallel.ForEachAsync(
            corpus.Keys.Chunk(AtOnce),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = Ct },
            async (names, cancellationToken) =>
            {
                var together = await server.AnswersAsync(
                    [.. names.Select(name => corpus[name])],
                    KubectlDryRun.UsualKinds,
                    cancellationToken
                );
                foreach (var (index, name) in names.Index())
                {
                    answers[name] = together.Count == names.Length && JsonNode.DeepEquals(together[index], recorded[name])
                        ? together[index]
                        : await server.AnswerAsync(corpus[name], KubectlDryRun.UsualKinds, cancellationToken);
                }
            }
        );
        return answers;
    }
}
