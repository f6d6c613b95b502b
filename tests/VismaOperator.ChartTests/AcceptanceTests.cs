using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>The real API server takes every object of the golden files, and drops no field of it.</summary>
public sealed class AcceptanceTests(ApiServerFixture fixture)
{
    // Kinds whose definitions belong to somebody else; TEST_MORE_CRDS brings them.
    private static readonly string[] ofOthers =
    [
        "monitoring.coreos.com/v1 ServiceMonitor",
        "monitoring.coreos.com/v1 PrometheusRule",
        "gateway.networking.k8s.io/v1 HTTPRoute",
    ];

    // Fields that came later; an older server drops them.
    private static readonly string[] newerFields =
    [
        "spec.template.spec.topologySpreadConstraints[0].minDomains",
        "spec.unhealthyPodEvictionPolicy",
    ];

    public static TheoryData<string> Sets() => GoldenTests.Names();

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task Every_object_is_accepted_as_it_is(string golden)
    {
        await using var home = await fixture.CreateNamespaceAsync(TestContext.Current.CancellationToken);
        var server = new DryRun(fixture.Admin, home.Name);

        foreach (var resource in YamlDocuments.Read(RepositoryFolder.PathOf($"tests/VismaOperator.ChartTests/golden/{golden}.yaml")))
        {
            var kind = $"{resource["apiVersion"]} {resource.Kind()}";
            if (await server.CreateAsync(resource) is { } answer)
            {
                Assert.Empty(DryRun.Dropped(resource, answer).Except(newerFields));
            }
            else if (kind == "policy/v1 PodDisruptionBudget")
            {
                await AssertTakenAsBetaAsync(server, resource);
            }
            else
            {
                Assert.Contains(kind, ofOthers);
                TestContext.Current.SendDiagnosticMessage($"Not checked, since this API server does not have it: {kind}");
            }
        }
    }

    // Before 1.21 the version was policy/v1beta1, of the same fields.
    private static async Task AssertTakenAsBetaAsync(DryRun server, JsonNode budget)
    {
        var beta = budget.DeepClone();
        beta["apiVersion"] = "policy/v1beta1";
        var answer = await server.CreateAsync(beta);

        Assert.NotNull(answer);
        Assert.Empty(DryRun.Dropped(beta, answer).Except(newerFields));
    }

    [Fact]
    public async Task A_field_that_the_server_does_not_know_would_be_noticed()
    {
        await using var home = await fixture.CreateNamespaceAsync(TestContext.Current.CancellationToken);
        var account = JsonNode.Parse(
            """{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}, "automountServiceAccountTokens": true}"""
        )!;

        var answer = await new DryRun(fixture.Admin, home.Name).CreateAsync(account);

        Assert.Equal(["automountServiceAccountTokens"], DryRun.Dropped(account, answer!));
    }
}
