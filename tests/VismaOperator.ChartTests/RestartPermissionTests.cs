using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>What <c>restart.namespaces</c> grants is enough for <c>spec.restart</c>, all of it is used, and it is nowhere else.</summary>
public sealed class RestartPermissionTests(ApiServerFixture fixture)
{
    private const string Group = "visma-operator.io/v1";

    private static readonly string[] verbs = ["get", "patch"];
    private static readonly string[] kinds = ["deployments", "statefulsets", "daemonsets"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Mode.Cluster)]
    [InlineData(Mode.Namespaces)]
    public async Task Workloads_may_be_read_and_patched_in_the_listed_namespaces_and_nowhere_else(Mode mode)
    {
        await using var scene = await InstallAsync(mode);
        using var account = ApiClient.FromKubeconfig(scene.KubeconfigPath);

        foreach (var ns in new[] { scene.Home, scene.Clients, scene.Customer, scene.Stranger })
        {
            var expected = ns == scene.Customer ? verbs.SelectMany(verb => kinds.Select(kind => $"{verb} {kind}.apps")) : [];
            Assert.Equal(
                expected.Order(StringComparer.Ordinal),
                (await PermissionTests.AllowedAsync(account, ns.Name))
                    .Select(permission => permission.Job)
                    .Where(job => job.EndsWith(".apps", StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal)
            );
        }
    }

    [Theory]
    [InlineData(Mode.Cluster)]
    [InlineData(Mode.Namespaces)]
    public async Task What_is_granted_is_enough_for_every_kind(Mode mode)
    {
        await using var scene = await InstallAsync(mode);
        scene.Start();

        await ApplyAsync(scene);
        await UntilAsync(scene, "True");

        Assert.Empty(scene.Refused());
        Assert.Equal(
            verbs.SelectMany(verb => kinds.Select(kind => $"{verb} {kind}.apps")).Order(StringComparer.Ordinal),
            scene
                .Proxy.Ledger.Requests.Select(request => Permission.Of(request).Job)
                .Where(job => job.EndsWith(".apps", StringComparison.Ordinal))
                .Distinct()
                .Order(StringComparer.Ordinal)
        );
    }

    // Of the workloads that one connection names each is tried, whatever became of the others, so all kinds are refused at once.
    [Theory]
    [InlineData("get")]
    [InlineData("patch")]
    public async Task Without_a_permission_a_restart_is_not_made_and_that_is_told(string verb)
    {
        string[] jobs = [.. kinds.Select(kind => $"{verb} {kind}.apps")];
        await using var scene = await InstallAsync(Mode.Namespaces, jobs);
        scene.Start();

        await ApplyAsync(scene);
        var condition = await UntilAsync(scene, "False", [.. kinds.Select(kind => $"(get and patch on {kind}.apps)")]);

        Assert.Equal("RestartForbidden", (string?)condition["reason"]);
        Assert.Equal(jobs.Order(StringComparer.Ordinal), Refused().Order(StringComparer.Ordinal));

        IEnumerable<string> Refused() => scene.Refused().Select(permission => permission.Job).Distinct();
    }

    [Fact]
    public async Task A_namespace_that_is_not_served_is_refused()
    {
        var (exitCode, output) = await Tool.Helm.TryAsync(
            "template",
            Chart.Release,
            Chart.Folder,
            "--set",
            "namespaces={a},restart.namespaces={b}"
        );

        Assert.NotEqual(0, exitCode);
        Assert.Contains("restart.namespaces has b, which namespaces does not list", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_somebody_else_grants_the_roles_there_is_none()
    {
        var rendered = await Chart.RenderAsync("visma-system", "--set", "rbac.create=false,restart.namespaces={a}");

        Assert.DoesNotContain(rendered, resource => resource.Kind() is "Role" or "RoleBinding");
    }

    private Task<ChartScene> InstallAsync(Mode mode, IReadOnlyCollection<string>? withoutJobs = null) =>
        ChartScene.InstallAsync(fixture.Server, mode, withoutJobs, scene => $"restart.namespaces={{{scene.Customer.Name}}}");

    private static async Task ApplyAsync(ChartScene scene)
    {
        foreach (var kind in new[] { "Deployment", "StatefulSet", "DaemonSet" })
        {
            var workload = JsonNode.Parse(
                $$$"""
                {"apiVersion": "apps/v1", "kind": "{{{kind}}}", "metadata": {"name": "importer"},
                 "spec": {"selector": {"matchLabels": {"app": "a"} },
                  "template": {"metadata": {"labels": {"app": "a"} }, "spec": {"containers": [{"name": "a", "image": "a:1"}] } } } }
                """
            )!;
            if (kind == "StatefulSet")
            {
                workload["spec"]!["serviceName"] = "importer";
            }

            await scene.Admin.CreateAsync(scene.Customer.Of("apps/v1", $"{kind.ToLowerInvariant()}s"), workload, Ct);
        }

        await scene.Admin.CreateAsync(
            scene.Customer.Core("secrets"),
            JsonNode.Parse($$"""{"metadata": {"name": "credentials"}, "stringData": {"clientSecret": "{{Job.ClientSecret}}"} }""")!,
            Ct
        );
        await CreateAsync(
            scene,
            "OAuthClient",
            $$"""
            {"issuer": "{{scene.Provider.Issuer.OriginalString}}", "clientID": "{{Job.ClientId}}",
             "clientSecrets": [{"secretKeyRef": {"name": "credentials", "key": "clientSecret"} }] }
            """
        );
        await CreateAsync(
            scene,
            "VismaConnection",
            $$"""
            {"oauthClientRef": {"name": "acme"}, "tenantID": "{{Job.Tenant}}", "scopes": ["vismanet_erp_service_api:read"],
             "restart": [{"kind": "Deployment", "name": "importer"}, {"kind": "StatefulSet", "name": "importer"},
                         {"kind": "DaemonSet", "name": "importer"}] }
            """
        );
    }

    private static Task<JsonNode> CreateAsync(ChartScene scene, string kind, string spec) =>
        scene.Admin.CreateAsync(
            scene.Customer.Of(Group, $"{kind.ToLowerInvariant()}s"),
            JsonNode.Parse($$"""{"apiVersion": "{{Group}}", "kind": "{{kind}}", "metadata": {"name": "acme"}, "spec": {{spec}} }""")!,
            Ct
        );

    private static Task<JsonNode> UntilAsync(ChartScene scene, string status, params string[] words) =>
        Eventually.GetAsync(
            $"WorkloadsRestarted={status}",
            async token =>
            {
                var connection = await scene.Admin.FindAsync(scene.Customer.Of(Group, "vismaconnections/acme"), token);
                return (connection?["status"]?["conditions"]?.AsArray() ?? []).FirstOrDefault(condition =>
                    (string?)condition!["type"] == "WorkloadsRestarted"
                    && (string?)condition["status"] == status
                    && Array.TrueForAll(words, word => ((string)condition["message"]!).Contains(word, StringComparison.Ordinal))
                );
            },
            Ct
        );
}
