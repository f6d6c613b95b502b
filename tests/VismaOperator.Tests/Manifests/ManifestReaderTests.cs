using System.Text.Json.Nodes;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Manifests;

namespace VismaOperator.Tests.Manifests;

public sealed class ManifestReaderTests
{
    private const string Header = "apiVersion: example.com/v1\nkind: Thing\n";

    [Fact]
    public void Reads_several_documents_and_remembers_the_position_of_each_field()
    {
        var set = ManifestReader.ReadText("f.yaml", "# first\n---\n" + Header + "spec:\n  list:\n  - a: 1\n    b: 2\n---\n---\n" + Header);

        Assert.Empty(set.Problems);
        Assert.Equal(2, set.Documents.Count);
        Assert.Equal(new Position(8, 5), set.Documents[0].PositionOf("spec.list[0].b"));
        Assert.Equal(new Position(7, 5), set.Documents[0].PositionOf("spec.list[0]"));
        Assert.Equal(new Position(7, 5), set.Documents[0].PositionOf("spec.list[0].missing.deeper"));
        Assert.Equal(new Position(11, 1), set.Documents[1].PositionOf("spec"));
    }

    // kubectl keeps one of the two by chance, so it cannot be asked which one is meant (KubectlAnswersTests).
    [Fact]
    public void Two_keys_that_are_one_in_JSON_are_a_problem()
    {
        var set = ManifestReader.ReadText("f.yaml", Header + "value:\n  1: a\n  \"1\": b\n");

        Assert.Equal("1 is given twice, first in line 4: remove one of them", Assert.Single(set.Problems).Message);
    }

    [Theory]
    [InlineData("!!str\n}\n")]
    [InlineData("!t\n@x\n")]
    public void An_empty_text_with_a_tag_does_not_hide_that_what_follows_is_no_YAML(string text) =>
        Assert.StartsWith(
            "this is not YAML",
            Assert.Single(ManifestReader.ReadText("f.yaml", text).Problems).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("yes", "true")]
    [InlineData("off", "false")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("12", "12")]
    [InlineData("-12", "-12")]
    [InlineData("0777", "511")]
    [InlineData("0o17", "15")]
    [InlineData("0x1F", "31")]
    [InlineData("00", "0")]
    [InlineData("1.5", "1.5")]
    [InlineData("1e3", "1000")]
    [InlineData("'yes'", "\"yes\"")]
    [InlineData("!!str 12", "\"12\"")]
    [InlineData("2027-03-01T00:00:00Z", "\"2027-03-01T00:00:00Z\"")]
    [InlineData("12:30", "\"12:30\"")]
    [InlineData("99999999999999999999", "1E+20")]
    public void Reads_scalars_as_kubectl_does(string yaml, string json)
    {
        var set = ManifestReader.ReadText("f.yaml", Header + "value: " + yaml + "\n");

        Assert.Equal(json, set.Documents.Single().Content["value"]?.ToJsonString() ?? "null");
    }

    [Fact]
    public void Opens_lists_with_positions_of_their_items()
    {
        var set = ManifestReader.ReadText(
            "f.yaml",
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: a}\n- apiVersion: v1\n  kind: "
            + "Namespace\n  metadata: {name: b}\n"
        );

        Assert.Equal(["a", "b"], set.Documents.Select(document => document.Name));
        Assert.Equal(new Position(9, 14), set.Documents[1].PositionOf("metadata.name"));
    }

    [Fact]
    public void Anchors_aliases_and_merge_keys_are_followed()
    {
        var set = ManifestReader.ReadText("f.yaml", Header + "base: &base {a: 1, b: 2}\nown:\n  <<: *base\n  b: 3\nsame: *base\n");

        Assert.Empty(set.Problems);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"a":1,"b":3}"""), set.Documents[0].Content["own"]));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"a":1,"b":2}"""), set.Documents[0].Content["same"]));
    }

    [Fact]
    public void A_key_given_twice_is_a_problem_in_its_line()
    {
        var problem = ManifestReader.ReadText("f.yaml", Header + "spec:\n  a: 1\n  a: 2\n").Problems.Single();

        Assert.Equal(new Position(5, 3), problem.Position);
        Assert.Contains("line 4", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_syntax_error_keeps_the_documents_before_it()
    {
        var set = ManifestReader.ReadText("f.yaml", Header + "---\nkind: [unclosed\n");

        Assert.Single(set.Documents);
        Assert.Equal(5, Assert.Single(set.Problems).Position.Line);
    }

    [Fact]
    public void Aliases_that_multiply_without_bound_are_refused()
    {
        var text = Header + "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat(Enumerable.Range(1, 9).Select(level =>
            $"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 10))}]\n"));

        var set = ManifestReader.ReadText("f.yaml", text);

        Assert.Empty(set.Documents);
        Assert.Contains("too large", Assert.Single(set.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Merge_keys_that_multiply_without_bound_are_refused()
    {
        var anchored = string.Concat(Enumerable.Range(0, 1000).Select(index => $"  k{index}: v\n"));
        var text = Header + "a: &a\n" + anchored + "list:\n" + string.Concat(Enumerable.Repeat("- <<: *a\n", 3000));
        var before = GC.GetAllocatedBytesForCurrentThread();

        var set = ManifestReader.ReadText("f.yaml", text);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 150_000_000);
        Assert.Empty(set.Documents);
        Assert.Contains("too large", Assert.Single(set.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_keys_below_aliases_take_no_memory_for_each_place()
    {
        var key = new string('k', 100_000);
        var text = Header + $"a: &a\n  ? {key}\n  : {{name: v}}\nname: x\nlist:\n" + string.Concat(Enumerable.Repeat("- *a\n- y\n", 1000));
        var before = GC.GetAllocatedBytesForCurrentThread();

        var document = Assert.Single(ManifestReader.ReadText("f.yaml", text).Documents);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000_000);
        Assert.Equal(new Position(8, 3), document.PositionOf($"list[0].{key}.name"));
        Assert.Equal(new Position(6, 1), document.PositionOf("name"));
    }

    [Fact]
    public void Paths_together_take_a_bounded_memory()
    {
        var key = new string('k', 900);
        var anchored = string.Concat(Enumerable.Range(0, 1000).Select(index => $"  {key}{index}: v\n"));
        var text = Header + "a: &a\n" + anchored + "list:\n" + string.Concat(Enumerable.Repeat("- *a\n", 80));
        var before = GC.GetAllocatedBytesForCurrentThread();

        var document = Assert.Single(ManifestReader.ReadText("f.yaml", text).Documents);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 130_000_000);
        Assert.Equal(new Position(1004, 1), document.PositionOf($"list[79].{key}999"));
    }

    [Fact]
    public void An_alias_inside_its_own_anchor_is_a_problem()
    {
        var set = ManifestReader.ReadText("f.yaml", Header + "spec: &s {inner: *s}\n");

        Assert.Contains("contains it", Assert.Single(set.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_alias_that_is_meant_as_a_text_is_not_repeated()
    {
        var set = ManifestReader.ReadText("f.yaml", Header + "clientSecret: *s3cret\n");

        var problem = Assert.Single(set.Problems);
        Assert.Contains("put a text that begins with * in quotes", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_is_read_too()
    {
        var set = ManifestReader.ReadText(
            "f.json",
            "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Namespace\",\n\t\"metadata\": {\"name\": \"a\"}\n}\n"
        );

        Assert.Empty(set.Problems);
        Assert.Equal("a", set.Documents.Single().Name);
    }

    [Fact]
    public void A_stream_of_JSON_values_is_read_in_proportion_to_its_length()
    {
        var text = string.Concat(Enumerable.Repeat("{\"apiVersion\": \"v1\", \"kind\": \"Thing\", \"ä\": 1}\n", 2000));
        var before = GC.GetAllocatedBytesForCurrentThread();

        var set = ManifestReader.ReadText("f.json", text + "\n  {\"apiVersion\": \"v1\", \n\"kind\": \"Last\"}  {\n\"ä\": }");

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 150_000_000);
        Assert.Equal(2001, set.Documents.Count);
        Assert.Equal(new Position(2000, 39), set.Documents[1999].PositionOf("[ä]"));
        Assert.Equal(new Position(2003, 1), set.Documents[2000].PositionOf("kind"));
        Assert.Equal(new Position(2004, 6), Assert.Single(set.Problems).Position);
    }

    [Fact]
    public void Documents_become_records_and_stringData_wins_over_data()
    {
        const string Manifests = """
            apiVersion: v1
            kind: Secret
            metadata: {name: s}
            data: {a: b2xk, b: Yg==}
            stringData: {a: new}
            ---
            apiVersion: v1
            kind: Namespace
            metadata: {name: integrations, labels: {team: x}}
            ---
            apiVersion: visma-operator.io/v1
            kind: OAuthClient
            metadata: {name: c, namespace: integrations}
            spec:
              clientID: id
              clientSecrets: [{secretKeyRef: {name: s, key: a}, expirationTime: 2027-03-01T00:00:00Z}]
            ---
            apiVersion: visma-operator.io/v1
            kind: VismaConnection
            metadata: {name: v, namespace: integrations}
            spec:
              displayName:
              oauthClientRef: {name: c}
              scopes: [a:b]
            """;
        var documents = ManifestReader.ReadText("f.yaml", Manifests).Documents;
        var problems = new List<ManifestProblem>();

        var secret = ManifestConversion.ReadAll<Secret>(documents, problems).Single();
        var client = ManifestConversion.ReadAll<OAuthClient>(documents, problems).Single();
        var connection = ManifestConversion.ReadAll<VismaConnection>(documents, problems).Single();
        var space = ManifestConversion.ReadAll<Namespace>(documents, problems).Single();

        Assert.Empty(problems);
        Assert.Equal("default", secret.Metadata.Namespace);
        Assert.Equal("new", secret.Data!["a"].RevealText());
        Assert.Equal("b", secret.Data["b"].RevealText());
        Assert.Equal(2027, client.Spec.ClientSecrets[0].ExpirationTime!.Value.Year);
        Assert.Null(connection.Spec.DisplayName);
        Assert.Equal("x", space.Metadata.Label("team"));
        Assert.Null(space.Metadata.Namespace);
    }

    [Fact]
    public void A_document_that_does_not_fit_is_a_problem_without_the_value()
    {
        var documents = ManifestReader
            .ReadText("f.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  a: not*base64\n")
            .Documents;
        var problems = new List<ManifestProblem>();

        Assert.Empty(ManifestConversion.ReadAll<Secret>(documents, problems));

        Assert.Equal(5, problems.Single().Position.Line);
        Assert.DoesNotContain("not*base64", problems.Single().Message, StringComparison.Ordinal);
    }
}
