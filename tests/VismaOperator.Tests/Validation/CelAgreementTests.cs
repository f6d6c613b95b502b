using System.Text.Json.Nodes;
using VismaOperator.Api;
using VismaOperator.Api.Crds;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Manifests;
using VismaOperator.Tests.Crds;

namespace VismaOperator.Tests.Validation;

/// <summary>
/// The rules of the schema, run by a CEL evaluator, and the operator's own check refuse the same objects with the same
/// words. An API server evaluates them after it has applied the defaults, and so does this.
/// </summary>
public sealed class CelAgreementTests(CelEvaluator cel) : IClassFixture<CelEvaluator>
{
    private static readonly AllowLists everything = new()
    {
        AllowedIssuers = ["https://connect.visma.com", "http://localhost:8080"],
        AllowedApiHosts = ["api.finance.visma.net", "localhost:8080"],
        AllowInsecureIssuers = true,
    };

    private static readonly HashSet<string> celMessages =
    [
        .. SchemaQualityTests.Fields().SelectMany(field => field.Schema.Validations).Select(rule => rule.Message),
    ];

    private readonly HashSet<object> broken = new(ReferenceEqualityComparer.Instance);

    public static TheoryData<string, string, string> Bad =>
        [.. CelCases.Bad.Select(item => new TheoryDataRow<string, string, string>(item.Kind, item.Spec, item.Says))];

    public static TheoryData<string, string> Good =>
        [.. CelCases.Good.Select(item => new TheoryDataRow<string, string>(item.Kind, item.Spec))];

    [Theory]
    [MemberData(nameof(Good))]
    public async Task Both_accept(string kind, string spec)
    {
        var document = Document(kind, spec);

        Assert.Empty(SchemaCheck.Check(document.Content, SchemaOf(kind)));
        Assert.Empty(await RefusalsAsync(document));
        Assert.Empty(OwnProblems(document));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task Both_refuse_with_the_same_words(string kind, string spec, string says)
    {
        var document = Document(kind, spec);

        var refusals = await RefusalsAsync(document);
        var problems = OwnProblems(document);

        Assert.Empty(SchemaCheck.Check(document.Content, SchemaOf(kind)));
        Assert.Contains(problems, problem => problem.Message.Contains(says, StringComparison.Ordinal));
        Assert.Equal(
            refusals.Select(refusal => refusal.Message).Distinct().Order(),
            problems.Select(problem => problem.Message).Distinct().Order()
        );
        Assert.All(
            refusals,
            refusal =>
                Assert.Contains(
                    problems,
                    problem => problem.Message == refusal.Message && problem.Path.StartsWith(refusal.Path, StringComparison.Ordinal)
                )
        );
    }

    [Fact]
    public async Task Every_rule_is_broken_by_some_case()
    {
        foreach (var item in CelCases.Bad)
        {
            await RefusalsAsync(Document(item.Kind, item.Spec));
        }

        // The same rule of two fields has the same words, and counts for each of them.
        var unbroken = SchemaQualityTests
            .Fields()
            .SelectMany(field => field.Schema.Validations.Select(rule => (field.Path, Rule: rule)))
            .Where(field => !broken.Contains(field.Rule))
            .Select(field => $"{field.Path}: {field.Rule.Message}")
            .ToList();
        Assert.True(unbroken.Count == 0, string.Join('\n', unbroken));
    }

    [Fact]
    public async Task Both_agree_on_many_made_up_values()
    {
        // A fixed seed: a failure can be repeated.
        var random = new Random(20_271_123);
        for (var round = 0; round < 400; round++)
        {
            var document = CelCases.MadeUp(random);
            var refusals = await RefusalsAsync(document);
            var problems = OwnProblems(document);

            Assert.True(
                refusals.Select(refusal => refusal.Message).ToHashSet().SetEquals(problems.Select(problem => problem.Message)),
                $"{document.Content["spec"]!.ToJsonString()}\nCEL: {string.Join("; ", refusals)}\noperator: {string.Join("; ", problems)}");
        }
    }

    private static ManifestDocument Document(string kind, string spec) => CelCases.Document(kind, spec);

    private static SchemaNode SchemaOf(string kind) =>
        kind switch
        {
            "OAuthClient" => Schemas.OAuthClient,
            _ when kind.Split(':')[0] == "VismaConnectionSet" => Schemas.VismaConnectionSet,
            _ => Schemas.VismaConnection,
        };

    private static List<FieldError> OwnProblems(ManifestDocument document)
    {
        var problems = document.Is<OAuthClient>()
            ? OAuthClientRules.Check(ManifestConversion.ToResource<OAuthClient>(document, [])!.Spec, everything)
            : document.Is<VismaConnectionSet>()
            ? VismaConnectionSetRules.Check(ManifestConversion.ToResource<VismaConnectionSet>(document, [])!)
            : VismaConnectionRules.Check(ManifestConversion.ToResource<VismaConnection>(document, [])!, everything);
        return [.. problems.Where(problem => celMessages.Contains(problem.Message))];
    }

    private async Task<List<(string Path, string Message)>> RefusalsAsync(ManifestDocument document)
    {
        var content = (JsonObject)document.Content.DeepClone();
        SchemaDefaults.Apply(content, SchemaOf(document.Kind));
        var asked = Asked(content, SchemaOf(document.Kind), string.Empty).ToList();
        var answers = await cel.RefusalsAsync(
            asked.Select(item => (item.Rule.Rule, item.Value)), TestContext.Current.CancellationToken);
        Assert.All(asked.Zip(answers), pair => Assert.True(
            pair.Second is null or "false", $"{pair.First.Path}: {pair.First.Rule.Rule}: {pair.Second}"));
        var refused = asked.Zip(answers).Where(pair => pair.Second is not null).Select(pair => pair.First).ToList();
        broken.UnionWith(refused.Select(item => item.Rule));
        return [.. refused.Select(item => (item.Path, item.Rule.Message))];
    }

    /// <summary>Every rule that holds for the value or for what is in it, with the value that it is asked of.</summary>
    private static IEnumerable<(string Path, SchemaRule Rule, JsonNode Value)> Asked(JsonNode value, SchemaNode schema, string path) =>
        schema.Validations.Select(rule => (path, rule, value))
            .Concat(Children(value, schema, path).SelectMany(child => Asked(child.Value, child.Schema, child.Path)));

    private static IEnumerable<(string Path, JsonNode Value, SchemaNode Schema)> Children(JsonNode value, SchemaNode schema, string path) =>
        value switch
        {
            JsonObject members => members
                .Select(member =>
                    (
                        FieldPath.Member(path, member.Key),
                        member.Value!,
                        schema.Properties.GetValueOrDefault(member.Key) ?? schema.AdditionalProperties!
                    )
                )
                .Where(child => child.Item3 is not null),
            JsonArray items => items.Select((item, index) => (FieldPath.Item(path, index), item!, schema.Items!)),
            _ => [],
        };
}
