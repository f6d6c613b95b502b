using System.Text;
using VismaOperator.Manifests;

namespace VismaOperator.Tests.Manifests;

/// <summary>Texts of a few hundred kilobytes that aliases and merge keys would multiply to gigabytes.</summary>
public sealed class DocumentSizeTests
{
    private const int Aliases = 5000;
    private const string Head = "apiVersion: visma-operator.io/v1\nkind: VismaConnection\nmetadata: {name: a}\n";

    private static readonly string longText = new('k', 100_000);
    private static readonly string badNumbers = string.Concat(Enumerable.Repeat("!!int x,", 100));

    public static TheoryData<string, string> Bombs => new()
    {
        { "a key below aliases", $"base: &a {{? {longText} : 1}}\nall:\n{Lines("- [1, *a]")}" },
        { "a value below aliases", $"base: &a {{k: {longText}}}\nall:\n{Lines("- [1, *a]")}" },
        { "a key that is merged", $"base: &a {{? {longText} : 1}}\nall:\n{Lines("- {<<: *a, k: 1}")}" },
        { "a tag that is not met, below aliases", $"base: &a [{badNumbers}]\nall:\n{Lines("- [1, *a]")}" },
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void A_document_that_aliases_multiply_is_refused_and_not_built(string name, string text)
    {
        var set = ManifestReader.ReadText("bomb.yaml", Head + text);

        Assert.True(set.Problems.Count is > 0 and < 200, $"{name}: {set.Problems.Count} problems");
        Assert.All(set.Documents, document => Assert.True(document.IsRejected));
        Assert.DoesNotContain(set.Problems, problem => problem.Message.Length > 1000);
    }

    [Fact]
    public void A_large_object_is_read()
    {
        var set = ManifestReader.ReadText("large.yaml", $"{Head}spec: {{displayName: {new string('x', 3_000_000)}}}\n");

        Assert.Empty(set.Problems);
        Assert.False(Assert.Single(set.Documents).IsRejected);
    }

    [Fact]
    public void Building_can_be_given_up()
    {
        var start = new Position(1, 1);
        var root = new YamlNode.Mapping(
            start,
            [new YamlEntry("kind", null, start, new YamlNode.Scalar(start, "Secret", IsPlain: true, Tag: string.Empty))]
        );
        var builder = new DocumentBuilder("a.yaml", () => false, new CancellationToken(canceled: true));

        Assert.Throws<OperationCanceledException>(() => builder.Build(root, (_, _) => { }));
    }

    private static string Lines(string line) => new StringBuilder().Insert(0, line + "\n", Aliases).ToString();
}
