using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>A person on call, who may read both kinds in the scene's namespace and nothing else.</summary>
internal static class OnCall
{
    private const string Rbac = "rbac.authorization.k8s.io/v1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>The kubeconfig of an account with these verbs on both kinds, and no other permission.</summary>
    public static async Task<string> KubeconfigAsync(Scene scene, IApiEndpoint way, params string[] verbs)
    {
        var account = await TestServiceAccount.CreateAsync(scene.Admin, scene.Home, "on-call", Ct);
        await scene.Admin.CreateAsync(
            scene.Home.Of(Rbac, "roles"),
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = "on-call" },
                ["rules"] = new JsonArray(
                    new JsonObject
                    {
                        ["apiGroups"] = new JsonArray("visma-operator.io"),
                        ["resources"] = new JsonArray("vismaconnections", "oauthclients"),
                        ["verbs"] = new JsonArray([.. verbs.Select(verb => (JsonNode)verb)]),
                    }
                ),
            },
            Ct
        );
        await scene.Admin.CreateAsync(
            scene.Home.Of(Rbac, "rolebindings"),
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = "on-call" },
                ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "Role", ["name"] = "on-call" },
                ["subjects"] = new JsonArray(account.ToSubject()),
            },
            Ct
        );
        var path = scene.FileNamed("on-call.kubeconfig");
        account.WriteKubeconfig(way, path);
        return path;
    }
}
