using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>Golden files of the chart whose roles an operator gets.</summary>
/// <param name="Cluster">With a ClusterRole.</param>
/// <param name="Namespaces">With Roles in listed namespaces.</param>
internal sealed record ChartRoles(string Cluster, string Namespaces)
{
    /// <summary>Those of the chart's defaults.</summary>
    public static ChartRoles Default { get; } = new("defaults", "namespaces");

    /// <summary>Those where sets of connections are served.</summary>
    public static ChartRoles OfSets { get; } = new("connection-sets", "connection-sets-namespaces");
}

/// <summary>
/// The ServiceAccount that an operator of a scene is to the API server. It may do exactly what the chart grants: the roles come from the
/// golden files, which the tests of the chart hold against what both versions of Helm render.
/// </summary>
internal sealed class OperatorAccount
{
    private const string Rbac = "rbac.authorization.k8s.io/v1";
    private const string ClusterWide = $"/apis/{Rbac}";

    // Each scene asks for several roles, so a file is read once. The lock is for its nodes, too.
    private static readonly Lock gate = new();
    private static readonly Dictionary<string, IReadOnlyList<JsonNode>> golden = new(StringComparer.Ordinal);

    private readonly ApiClient admin;
    private readonly TestNamespace home;
    private readonly List<string> clusterWide = [];
    private readonly ChartRoles roles;
    private TestServiceAccount account = null!;

    private OperatorAccount(ApiClient admin, TestNamespace home, ChartRoles roles)
    {
        this.admin = admin;
        this.home = home;
        this.roles = roles;
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Creates the account in its home and binds it to the chart's roles.</summary>
    public static async Task<OperatorAccount> CreateAsync(
        ApiClient admin,
        TestNamespace home,
        Reach reach,
        ChartRoles roles,
        IReadOnlyList<string> namespaces,
        string name = "visma-operator"
    )
    {
        var created = new OperatorAccount(admin, home, roles) { account = await TestServiceAccount.CreateAsync(admin, home, name, Ct) };
        await created.GrantAsync(home.Name, "leader", Golden("namespaces", "visma-system"));
        if (reach == Reach.Cluster)
        {
            await created.GrantEverywhereAsync(Golden(roles.Cluster, ns: null));
            return created;
        }

        foreach (var ns in namespaces)
        {
            await created.AdmitAsync(ns);
        }

        return created;
    }

    /// <summary>The name that the API server knows it by.</summary>
    public string UserName => $"system:serviceaccount:{account.Namespace}:{account.Name}";

    /// <summary>Gives the Role of a listed namespace.</summary>
    public Task AdmitAsync(string ns) => GrantAsync(ns, "operator", Golden(roles.Namespaces, "customer-a"));

    /// <summary>Gives the Role of a namespace of <c>restart.namespaces</c>.</summary>
    public Task AdmitRestartsAsync(string ns) => GrantAsync(ns, "restart", Golden("everything", "customer-a"));

    /// <summary>Takes the Role of a listed namespace away.</summary>
    public async Task DismissAsync(string ns)
    {
        await admin.DeleteAsync($"{ClusterWide}/namespaces/{ns}/rolebindings/operator", Ct);
        await admin.DeleteAsync($"{ClusterWide}/namespaces/{ns}/roles/operator", Ct);
    }

    /// <summary>
    /// Writes a kubeconfig that speaks through the proxy as this account. Its namespace is the account's, as in a pod, so that leases of
    /// scenes do not meet.
    /// </summary>
    public void WriteKubeconfig(ApiProxy proxy, string path) => account.WriteKubeconfigAsInPod(proxy, path);

    /// <summary>Removes what does not go with a namespace.</summary>
    public async Task DeleteAsync()
    {
        foreach (var path in clusterWide)
        {
            await admin.DeleteAsync(path, CancellationToken.None);
        }
    }

    private async Task GrantAsync(string ns, string role, JsonArray rules)
    {
        foreach (var rule in rules.Where(rule => rule!["resources"]![0]!.GetValue<string>() == "namespaces"))
        {
            rule!["resourceNames"] = new JsonArray(ns);
        }

        var folder = $"{ClusterWide}/namespaces/{ns}";
        var isTaken = await admin.FindAsync($"{folder}/roles/{role}", Ct) is not null; // by another installation
        var name = isTaken ? $"{role}-of-{home.Name}" : role;
        await admin.CreateAsync($"{folder}/roles", Named(name, new() { ["rules"] = rules }), Ct);
        await admin.CreateAsync($"{folder}/rolebindings", Binding(name, name, "Role"), Ct);
    }

    private async Task GrantEverywhereAsync(JsonArray rules)
    {
        var role = $"operator-of-{home.Name}";
        clusterWide.AddRange([$"{ClusterWide}/clusterrolebindings/{role}", $"{ClusterWide}/clusterroles/{role}"]);
        await admin.CreateAsync($"{ClusterWide}/clusterroles", Named(role, new() { ["rules"] = rules }), Ct);
        await admin.CreateAsync($"{ClusterWide}/clusterrolebindings", Binding(role, role, "ClusterRole"), Ct);
    }

    private JsonObject Binding(string name, string role, string kind) => Named(name, new()
    {
        ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = kind, ["name"] = role },
        ["subjects"] = new JsonArray(account.ToSubject()),
    });

    private static JsonObject Named(string name, JsonObject resource)
    {
        resource["metadata"] = new JsonObject { ["name"] = name };
        return resource;
    }

    // The rules of the one role that a golden file binds there; null: in all namespaces.
    private static JsonArray Golden(string file, string? ns)
    {
        lock (gate)
        {
            if (!golden.TryGetValue(file, out var release))
            {
                golden[file] = release = YamlDocuments.Read(
                    RepositoryFolder.PathOf($"tests/VismaOperator.ChartTests/golden/{file}.yaml")
                );
            }

            var (kind, binding) = ns is null ? ("ClusterRole", "ClusterRoleBinding") : ("Role", "RoleBinding");
            var bound = release.Single(resource => Text(resource["kind"]) == binding && Text(resource["metadata"]!["namespace"]) == ns)[
                "roleRef"
            ]!["name"];
            var role = release.Single(resource =>
                Text(resource["kind"]) == kind
                && Text(resource["metadata"]!["namespace"]) == ns
                && Text(resource["metadata"]!["name"]) == Text(bound)
            );
            return role["rules"]!.DeepClone().AsArray();
        }
    }

    private static string? Text(JsonNode? node) => node?.GetValue<string>();
}
