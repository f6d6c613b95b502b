using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>/metrics for those only whom the API server lets read it.</summary>
public sealed class MetricsAccessTests(ApiServerFixture fixture)
{
    private const string Rbac = "/apis/rbac.authorization.k8s.io/v1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_an_account_that_may_get_metrics_reads_them_and_health_stays_open()
    {
        await using var scene = await Scene.SetAsync(
            fixture.Server,
            new SceneOptions { Arguments = ["--metrics-auth", "--insecure-metrics-auth"] }
        );
        var name = $"metrics-auth-{scene.Home.Name}";
        var (tokens, accesses) = (Rule("authentication.k8s.io", "tokenreviews"), Rule("authorization.k8s.io", "subjectaccessreviews"));
        await GrantAsync(scene, name, "visma-operator", tokens, accesses);
        await GrantAsync(scene, name + "-reader", "prometheus", new JsonObject
        {
            ["nonResourceURLs"] = new JsonArray("/metrics"),
            ["verbs"] = new JsonArray("get"),
        });
        var reader = await TestServiceAccount.CreateAsync(scene.Admin, scene.Home, "prometheus", Ct);
        var stranger = await TestServiceAccount.CreateAsync(scene.Admin, scene.Home, "stranger", Ct);
        try
        {
            await scene.StartOperatorAsync();

            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(scene, token: null));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(scene, "made-up"));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(scene, stranger.Token));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(scene, reader.Token));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(scene, token: null, "livez"));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(scene, token: null, "readyz"));
            var asked = Reviews(scene);
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(scene, reader.Token));
            Assert.Equal(asked, Reviews(scene));
            Assert.DoesNotContain(scene.Operator.Process.Lines, line => line.Contains(reader.Token, StringComparison.Ordinal));
        }
        finally
        {
            foreach (var role in new[] { name, name + "-reader" })
            {
                await scene.Admin.DeleteAsync($"{Rbac}/clusterrolebindings/{role}", Ct);
                await scene.Admin.DeleteAsync($"{Rbac}/clusterroles/{role}", Ct);
            }
        }
    }

    private static int Reviews(Scene scene) =>
        scene.Proxy.Ledger.Requests.Count(request => request.Path.Contains("reviews", StringComparison.Ordinal));

    private static JsonObject Rule(string group, string resource) =>
        new()
        {
            ["apiGroups"] = new JsonArray(group),
            ["resources"] = new JsonArray(resource),
            ["verbs"] = new JsonArray("create"),
        };

    private static async Task GrantAsync(Scene scene, string role, string account, params JsonNode[] rules)
    {
        var metadata = new JsonObject { ["name"] = role };
        await scene.Admin.CreateAsync(
            $"{Rbac}/clusterroles",
            new JsonObject { ["metadata"] = metadata.DeepClone(), ["rules"] = new JsonArray(rules) },
            Ct
        );
        await scene.Admin.CreateAsync(
            $"{Rbac}/clusterrolebindings",
            new JsonObject
            {
                ["metadata"] = metadata,
                ["roleRef"] = new JsonObject
                {
                    ["apiGroup"] = "rbac.authorization.k8s.io",
                    ["kind"] = "ClusterRole",
                    ["name"] = role,
                },
                ["subjects"] = new JsonArray(
                    new JsonObject { ["kind"] = "ServiceAccount", ["name"] = account, ["namespace"] = scene.Home.Name }
                ),
            },
            Ct
        );
    }

    private static async Task<HttpStatusCode> StatusAsync(Scene scene, string? token, string path = "metrics")
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{scene.Operator.HttpPort}/{path}");
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var answer = await http.SendAsync(request, Ct);
        return answer.StatusCode;
    }
}
