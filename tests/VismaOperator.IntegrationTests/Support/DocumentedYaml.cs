using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>What a reader of a document copies out of it.</summary>
internal static partial class DocumentedYaml
{
    /// <summary>The objects in the blocks of YAML of a document.</summary>
    public static IReadOnlyList<JsonNode> In(string document) =>
        [
            .. Block()
                .Matches(File.ReadAllText(RepositoryFolder.PathOf(document)))
                .SelectMany(block => YamlDocuments.Read(new StringReader(block.Groups["yaml"].Value))),
        ];

    [GeneratedRegex("^```yaml\n(?<yaml>.*?)^```$", RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.Singleline, 60_000)]
    private static partial Regex Block();
}
