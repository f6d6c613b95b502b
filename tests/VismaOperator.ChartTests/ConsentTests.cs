using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>What leads from outside to the operator leads to the consent pages, and never to metrics or health.</summary>
public sealed class ConsentTests
{
    private static readonly string[] openPaths = ["Exact /oauth2/callback", "Prefix /connect/"];

    public static TheoryData<string> Sets() => GoldenTests.Names();

    [Theory]
    [MemberData(nameof(Sets))]
    public void Only_the_consent_pages_can_be_reached_from_outside(string golden)
    {
        var release = Read(golden);

        foreach (var way in release.SelectMany(Ways))
        {
            var service = release.Single(resource => resource.Kind() == "Service" && resource.Name() == way.Service);
            var port = Assert.Single(service["spec"]!["ports"]!.AsArray())!;
            Assert.Equal("ClusterIP", service["spec"]!["type"]!.GetValue<string>());
            Assert.Equal(way.Port, way.Port == "consent" ? Text(port, "name") : port["port"]!.ToJsonString());
            Assert.Equal("consent", Text(port, "targetPort"));
            Assert.Contains(way.Path, openPaths);
        }

        Assert.DoesNotContain(
            release,
            resource => resource.Kind() == "Service" && resource["spec"]!["type"]!.GetValue<string>() != "ClusterIP"
        );
    }

    [Theory]
    [InlineData("consent-ingress", "Ingress")]
    [InlineData("consent-gateway", "HTTPRoute")]
    public void The_link_and_the_way_back_are_open_on_the_host_of_the_public_URL(string golden, string kind)
    {
        var way = Read(golden).Single(resource => resource.Kind() == kind);

        Assert.Equal(openPaths, Ways(way).Select(found => found.Path).Order(StringComparer.Ordinal));
        Assert.Equal(
            "visma.example.com",
            kind == "Ingress"
                ? Text(Assert.Single(way["spec"]!["rules"]!.AsArray())!, "host")
                : Assert.Single(way["spec"]!["hostnames"]!.AsArray())!.GetValue<string>()
        );
    }

    [Fact]
    public async Task A_host_in_capital_letters_is_the_same_host()
    {
        var release = await Chart.RenderAsync(
            "visma-system",
            "--set",
            "crds.enabled=false,publicURL=https://Visma.Example.com,consent.ingress.enabled=true,consent.ingress.tlsSecretName=tls,consent.httpRoute.enabled=true,consent.httpRoute.parentRefs[0].name=gateway"
        );

        Assert.DoesNotContain("Example", string.Concat(release.Select(resource => resource.ToJsonString())), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Consent_pages_and_metrics_have_a_port_each(string golden)
    {
        var container = Read(golden).Single(resource => resource.Kind() == "Deployment")["spec"]!["template"]!["spec"]!["containers"]![0]!;
        var ports = container["ports"]!
            .AsArray()
            .ToDictionary(port => Text(port!, "name"), port => port!["containerPort"]!.GetValue<long>());
        var arguments = container["args"]!.AsArray().Select(argument => argument!.GetValue<string>()).ToList();

        Assert.Contains($"--http-port={ports["http"]}", arguments);
        Assert.Equal(
            ports.ContainsKey("consent"),
            arguments.Exists(argument => argument.StartsWith("--public-url=https://", StringComparison.Ordinal))
        );
        Assert.Equal(ports.Count, ports.Values.Distinct().Count());
        if (ports.TryGetValue("consent", out var consent))
        {
            Assert.Contains($"--consent-port={consent}", arguments);
        }
    }

    [Fact]
    public async Task Without_a_public_URL_nothing_of_it_is_there()
    {
        var release = await Chart.RenderAsync("visma-system", "--set", "crds.enabled=false");

        Assert.DoesNotContain(
            "consent",
            string.Concat(release.Select(resource => resource.ToJsonString())),
            StringComparison.OrdinalIgnoreCase
        );
    }

    [Fact]
    public void The_network_policy_lets_the_ingress_controller_in_and_only_there()
    {
        var policy = Read("consent-ingress").Single(resource => resource.Kind() == "NetworkPolicy");
        var controller = policy["spec"]!["ingress"]!
            .AsArray()
            .Where(rule => rule!.ToJsonString().Contains("ingress-nginx", StringComparison.Ordinal));

        Assert.Equal("""[{"port":"consent","protocol":"TCP"}]""", Assert.Single(controller)!["ports"]!.ToJsonString());
    }

    [Fact]
    public void A_way_to_metrics_would_be_noticed()
    {
        var ingress = JsonNode.Parse("""
            {"kind": "Ingress", "spec": {"defaultBackend": {"service": {"name": "visma-operator-metrics", "port": {"name": "http"}}},
             "rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "visma-operator-metrics", "port": {"number": 8080}}}}]}}]}}
            """
        )!;

        Assert.Equal(
            [new Way("any", "visma-operator-metrics", "http"), new Way("Prefix /", "visma-operator-metrics", "8080")],
            Ways(ingress)
        );
    }

    private static IReadOnlyList<JsonNode> Read(string golden) =>
        YamlDocuments.Read(RepositoryFolder.PathOf($"tests/VismaOperator.ChartTests/golden/{golden}.yaml"));

    private static IEnumerable<Way> Ways(JsonNode resource) =>
        resource.Kind() switch
        {
            "Ingress" =>
            [
                .. resource["spec"]!["defaultBackend"] is { } backend
                    ? [new Way("any", Text(backend["service"]!, "name"), Port(backend))]
                    : Array.Empty<Way>(),
                .. from rule in resource["spec"]!["rules"]!.AsArray()
                from path in rule!["http"]!["paths"]!.AsArray()
                select new Way(
                    $"{Text(path!, "pathType")} {Text(path!, "path")}",
                    Text(path!["backend"]!["service"]!, "name"),
                    Port(path["backend"]!)
                ),
            ],
            "HTTPRoute" => from rule in resource["spec"]!["rules"]!.AsArray()
                           from match in rule!["matches"]!.AsArray()
                           from backend in rule["backendRefs"]!.AsArray()
                           select new Way(
                               $"{Text(match!["path"]!, "type").Replace("Path", "", StringComparison.Ordinal)} "
                                   + Text(match["path"]!, "value"),
                               Text(backend!, "name"),
                               backend!["port"]!.ToJsonString()
                           ),
            _ => [],
        };

    private static string Port(JsonNode backend) =>
        backend["service"]!["port"]!["name"]?.GetValue<string>() ?? backend["service"]!["port"]!["number"]!.ToJsonString();

    private static string Text(JsonNode node, string member) => node[member]!.GetValue<string>();

    /// <summary>A path that leads from outside to a port of a Service.</summary>
    private sealed record Way(string Path, string Service, string Port);
}
