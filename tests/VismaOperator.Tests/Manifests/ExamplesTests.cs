using System.Text.Json.Nodes;
using VismaOperator.Api;
using VismaOperator.Manifests;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Manifests;

/// <summary>Somebody applies one example after the other to one cluster; none may take anything away from another one.</summary>
public sealed class ExamplesTests
{
    private static IReadOnlyList<ManifestDocument> Documents { get; } =
    [
        .. Directory.EnumerateFiles(Repository.Path("examples"), "*.yaml", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .SelectMany(file => ManifestReader.ReadText(file, File.ReadAllText(file)).Documents)
            .Where(document => document.Name.Length > 0),
    ];

    [Fact]
    public void No_two_examples_define_one_object()
    {
        var twice = Documents.GroupBy(document => $"{document.Kind} {document.NamespacedName}")
            .Where(same => same.Skip(1).Any(other => !JsonNode.DeepEquals(other.Content, same.First().Content)))
            .Select(same => $"{same.Key}: {string.Join(", ", same.Select(document => document.File))}");

        Assert.Empty(twice);
        Assert.True(Documents.Count > 30, "The examples were not found.");
    }

    [Fact]
    public void No_two_examples_publish_in_one_Secret()
    {
        var connections = ManifestConversion.ReadAll<VismaConnection>(Documents, []);
        var declared = Documents.Where(document => document.Kind == "Secret").Select(document => document.NamespacedName);

        Assert.Empty(
            connections
                .Select(connection => connection.SecretName())
                .Concat(declared)
                .GroupBy(name => name)
                .Where(same => same.Count() > 1)
                .Select(same => same.Key)
        );
    }
}
