using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>
/// The person on call: may edit the namespaces of the campaign, their Secrets among it, and besides see the Pods of the operator, wherever
/// they run, and ask what it may do. No administrator.
/// </summary>
internal sealed class CampaignPerson : IAsyncDisposable
{
    private const string Rbac = "rbac.authorization.k8s.io/v1";
    private const string ClusterWide = $"/apis/{Rbac}";
    private const string Role = "on-call";

    private readonly ApiClient admin;
    private readonly string everywhere;

    private CampaignPerson(ApiClient admin, string everywhere, string kubeconfig)
    {
        this.admin = admin;
        this.everywhere = everywhere;
        Kubeconfig = kubeconfig;
    }

    /// <summary>Path of the person's kubeconfig.</summary>
    public string Kubeconfig { get; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<CampaignPerson> HireAsync(Scene scene, IEnumerable<TestNamespace> namespaces)
    {
        var account = await TestServiceAccount.CreateAsync(scene.Admin, scene.Home, Role, Ct);
        foreach (var ns in namespaces)
        {
            var edit = """
                {"rules": [
                  {"apiGroups": ["visma-operator.io"], "resources": ["vismaconnections", "oauthclients"],
                   "verbs": ["get", "list", "watch", "update", "patch"]},
                  {"apiGroups": [""], "resources": ["secrets", "events"], "verbs": ["get", "list"]}]}
                """;
            await BindAsync(scene.Admin, account, $"{ClusterWide}/namespaces/{ns.Name}", "Role", (Role, edit));
        }

        var name = $"{Role}-{scene.Home.Name}";
        var see = """
            {"rules": [
              {"apiGroups": [""], "resources": ["pods", "namespaces"], "verbs": ["get", "list"]},
              {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["list"]},
              {"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"]}]}
            """;
        await BindAsync(scene.Admin, account, ClusterWide, "ClusterRole", (name, see));
        var path = scene.FileNamed("on-call.kubeconfig");
        account.WriteKubeconfig(scene.Server, path);
        return new CampaignPerson(scene.Admin, name, path);
    }

    public async ValueTask DisposeAsync()
    {
        await admin.DeleteAsync($"{ClusterWide}/clusterrolebindings/{everywhere}", CancellationToken.None);
        await admin.DeleteAsync($"{ClusterWide}/clusterroles/{everywhere}", CancellationToken.None);
    }

    private static async Task BindAsync(
        ApiClient admin,
        TestServiceAccount account,
        string folder,
        string kind,
        (string Name, string Rules) role
    )
    {
        var created = JsonNode.Parse(role.Rules)!.AsObject();
        created["metadata"] = new JsonObject { ["name"] = role.Name };
        await admin.CreateAsync($"{folder}/{kind.ToLowerInvariant()}s", created, Ct);
        await admin.CreateAsync(
            $"{folder}/{kind.ToLowerInvariant()}bindings",
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = role.Name },
                ["roleRef"] = new JsonObject
                {
                    ["apiGroup"] = "rbac.authorization.k8s.io",
                    ["kind"] = kind,
                    ["name"] = role.Name,
                },
                ["subjects"] = new JsonArray(account.ToSubject()),
            },
            Ct
        );
    }
}
