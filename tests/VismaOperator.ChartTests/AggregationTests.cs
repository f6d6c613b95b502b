using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>
/// The chart adds every kind to the built-in roles: who may view a namespace sees them, who may edit it edits them, and nobody writes
/// status.
/// </summary>
public sealed class AggregationTests(ApiServerFixture fixture)
{
    private const string Roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

    private static readonly string[] kinds = ["oauthclients", "vismaconnections", "vismaconnectionsets"];
    private static readonly string[] seeing = ["get", "list", "watch"];
    private static readonly string[] editing = ["create", "update", "patch", "delete", "deletecollection"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("view", false)]
    [InlineData("edit", true)]
    [InlineData("admin", true)]
    public async Task The_built_in_role_gives_what_its_name_says(string role, bool edits)
    {
        fixture.Server.EnsureControllerManager();
        await using var home = await fixture.CreateNamespaceAsync(Ct);
        var aggregated = (await Chart.RenderAsync(home.Name, "--set", "crds.enabled=false,rbac.create=false"))
            .Where(resource => resource.Kind() == "ClusterRole")
            .ToList();
        try
        {
            foreach (var resource in aggregated)
            {
                await fixture.Admin.CreateAsync(Roles, resource, Ct);
            }

            await BindAsync(home.Name, role);
            await Eventually.BecomesTrueAsync(
                "the roles to be aggregated",
                async _ =>
                    (await AllowedAsync(home.Name, "vismaconnections", seeing)).Count == seeing.Length
                    && (!edits || (await AllowedAsync(home.Name, "vismaconnections", editing)).Count == editing.Length),
                Ct
            );

            foreach (var kind in kinds)
            {
                Assert.Equal(edits ? [.. seeing, .. editing] : seeing, await AllowedAsync(home.Name, kind, [.. seeing, .. editing]));
                Assert.Empty(await AllowedAsync(home.Name, kind + "/status", ["update", "patch"]));
            }
        }
        finally
        {
            foreach (var resource in aggregated)
            {
                await fixture.Admin.DeleteAsync($"{Roles}/{resource.Name()}", CancellationToken.None);
            }
        }
    }

    private Task BindAsync(string ns, string role) =>
        fixture.Admin.CreateAsync(
            $"/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings",
            JsonNode.Parse(
                $$"""
                {"metadata": {"name": "person"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "{{role}}"},
                 "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "person-of-{{ns}}"}]}
                """
            )!,
            Ct
        );

    private async Task<List<string>> AllowedAsync(string ns, string resource, IReadOnlyList<string> verbs)
    {
        var allowed = new List<string>();
        var parts = resource.Split('/');
        foreach (var verb in verbs)
        {
            var review = await fixture.Admin.CreateAsync(
                "/apis/authorization.k8s.io/v1/subjectaccessreviews",
                JsonNode.Parse(
                    $$"""
                    {"spec": {"user": "person-of-{{ns}}", "resourceAttributes":
                     {"namespace": "{{ns}}", "verb": "{{verb}}", "group": "visma-operator.io", "resource": "{{parts[
                        0
                    ]}}", "subresource": "{{parts.ElementAtOrDefault(1)}}"} } }
                    """
                )!,
                Ct
            );
            if (review["status"]!["allowed"]!.GetValue<bool>())
            {
                allowed.Add(verb);
            }
        }

        return allowed;
    }
}
