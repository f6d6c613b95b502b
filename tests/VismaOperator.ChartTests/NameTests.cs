using System.Text.Json;
using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>Any name that Helm takes for a release and Kubernetes for a namespace gives objects that the API server takes.</summary>
public sealed class NameTests(ApiServerFixture fixture)
{
    private const string Longest = "a-release-that-bears-the-longest-name-that-helm-takes";

    // A PodDisruptionBudget of this version is unknown to Kubernetes 1.20.
    private const string UnknownToOldServers = "PodDisruptionBudget";

    public static TheoryData<string, string, string> Names() => new()
    {
        { "123", "10042", "namespaces={10042,1e3}" },
        { "true", "null", "nameOverride=yes,podLabels.a=on" },
        { "on", "off", "fullnameOverride=null,serviceAccount.name=0x10" },
        { "with.dots", "a", "namespaces={a}" },
        { Longest, new string('n', 63), "" },
        { Longest, "a", $"nameOverride={new string('o', 63)}" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_object_is_taken_under_its_name(string release, string ns, string values)
    {
        await using var home = await fixture.CreateNamespaceAsync(TestContext.Current.CancellationToken);
        var server = new DryRun(fixture.Admin, home.Name);

        foreach (var resource in await RenderAsync(release, ns, values))
        {
            Assert.True(resource.Name().Length <= 63 || resource.Namespace() is null, resource.Name());
            Assert.All(Scalars(resource["metadata"]!), AssertText);
            Assert.True(
                await server.CreateAsync(resource) is not null || resource.Kind() == UnknownToOldServers,
                $"The API server does not have {resource.Kind()}."
            );
        }
    }

    [Fact]
    public async Task Two_objects_never_share_a_name()
    {
        var names = (await RenderAsync(Longest, new string('n', 63), ""))
            .Select(resource => $"{resource.Kind()} {resource.Namespace()}/{resource.Name()}")
            .ToList();

        Assert.Equal(names.Distinct(), names);
    }

    private static async Task<IReadOnlyList<JsonNode>> RenderAsync(string release, string ns, string values)
    {
        var text = await Tool.Helm.RunAsync(
            "template",
            release,
            Chart.Folder,
            "--namespace",
            ns,
            "--set",
            "crds.enabled=false",
            "--set",
            "publicURL=https://visma.example.com,consent.ingress.enabled=true",
            "--set-string",
            values
        );
        return YamlDocuments.Read(new StringReader(text));
    }

    private static IEnumerable<JsonNode> Scalars(JsonNode node) => node switch
    {
        JsonObject members => members.SelectMany(member => Scalars(member.Value!)),
        JsonArray items => items.SelectMany(item => Scalars(item!)),
        _ => [node],
    };

    private static void AssertText(JsonNode scalar) => Assert.Equal(JsonValueKind.String, scalar.GetValueKind());
}
