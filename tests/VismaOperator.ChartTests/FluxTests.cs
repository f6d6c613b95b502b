using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>
/// The health expressions of the Flux example, run by a CEL evaluator over an object of every state, in the order in which Flux runs them.
/// </summary>
public sealed class FluxTests
{
    private static readonly string[] order = ["inProgress", "failed", "current"];

    [Fact]
    public async Task Flux_judges_every_state_right()
    {
        var questions = State.All.SelectMany(state => order.Select(expression => (state, expression))).ToList();
        var answers = await EvaluateAsync([.. questions.Select(question => Question(question.state, question.expression))]);

        var verdicts = questions.Zip(answers)
            .GroupBy(pair => pair.First.state)
            .Select(group => (group.Key.Name, Verdict(group.ToDictionary(pair => pair.First.expression, pair => pair.Second))));
        Assert.Equal(State.All.Select(state => (state.Name, state.Flux)), verdicts);
    }

    [Fact]
    public void Both_kinds_have_expressions() =>
        Assert.Equal(["OAuthClient", "VismaConnection"], Checks().Select(check => check!["kind"]!.GetValue<string>()).Order());

    [Fact]
    public void The_connections_and_what_they_wait_for_are_there_before_the_namespace_of_the_operator()
    {
        var created = YamlDocuments
            .Read(RepositoryFolder.PathOf("examples/flux/operator.yaml"))
            .Where(resource => resource.Kind() == "Namespace")
            .Select(Chart.Name);
        var kustomization = YamlDocuments.Read(RepositoryFolder.PathOf("examples/flux/connections.yaml")).Single();
        var awaited = kustomization["spec"]!["dependsOn"]!
            .AsArray()
            .Select(dependency => dependency!["namespace"]?.GetValue<string>() ?? kustomization.Namespace()!);

        Assert.NotEmpty(created);
        Assert.Empty(awaited.Append(kustomization.Namespace()!).Intersect(created));
    }

    // As Flux: the first that holds; none means not yet. An error in the first would keep Flux waiting for good.
    private static string Verdict(Dictionary<string, JsonNode> answers)
    {
        Assert.True(answers["inProgress"]["error"] is null, answers["inProgress"].ToJsonString());
        var first = order.FirstOrDefault(expression => answers[expression]["result"]?.GetValue<bool>() == true);
        return first switch { "failed" => "Failed", "current" => "Current", _ => "InProgress" };
    }

    private static JsonObject Question(State state, string expression)
    {
        var resource = state.Read();
        var check = Checks().Single(check => check!["kind"]!.GetValue<string>() == resource.Kind());
        return new JsonObject { ["rule"] = check![expression]!.GetValue<string>(), ["variables"] = resource };
    }

    private static JsonArray Checks() =>
        YamlDocuments.Read(RepositoryFolder.PathOf("examples/flux/connections.yaml")).Single()["spec"]!["healthCheckExprs"]!.AsArray();

    private static async Task<List<JsonNode>> EvaluateAsync(IReadOnlyList<JsonObject> questions)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(
                file,
                questions.Select(question => question.ToJsonString()),
                TestContext.Current.CancellationToken
            );
            var script = $"cd '{RepositoryFolder.PathOf("tests/cel")}' && ./obtain.sh && node evaluate.js < '{file}'";
            var output = await Tool.Shell.RunAsync("-c", script);
            return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        }
        finally
        {
            File.Delete(file);
        }
    }
}
