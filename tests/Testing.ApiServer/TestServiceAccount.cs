using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.Testing.ApiServer;

/// <summary>A ServiceAccount with a real token, for tests that show which rights are enough and which are missing.</summary>
/// <param name="Namespace">Where it lives.</param>
/// <param name="Name">Its name.</param>
/// <param name="Token">A bearer token, valid for an hour.</param>
public sealed record TestServiceAccount(string Namespace, string Name, string Token)
{
    /// <summary>Creates the account in the namespace and asks the API server for a token (TokenRequest API).</summary>
    public static async Task<TestServiceAccount> CreateAsync(
        ApiClient admin,
        TestNamespace home,
        string name,
        CancellationToken cancellationToken
    )
    {
        var account = new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } };
        await admin.CreateAsync(home.Core("serviceaccounts"), account, cancellationToken);
        return await OfAsync(admin, home.Name, name, cancellationToken);
    }

    /// <summary>Asks the API server for a token of an account that is there.</summary>
    public static async Task<TestServiceAccount> OfAsync(ApiClient admin, string ns, string name, CancellationToken cancellationToken)
    {
        var request = new JsonObject
        {
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["kind"] = "TokenRequest",
            ["spec"] = new JsonObject { ["expirationSeconds"] = 3600 },
        };
        var answer = await admin.CreateAsync($"/api/v1/namespaces/{ns}/serviceaccounts/{name}/token", request, cancellationToken);
        return new TestServiceAccount(ns, name, answer["status"]!["token"]!.GetValue<string>());
    }

    /// <summary>The subject for a RoleBinding or ClusterRoleBinding.</summary>
    public JsonObject ToSubject() => new() { ["kind"] = "ServiceAccount", ["name"] = Name, ["namespace"] = Namespace };

    /// <summary>Writes a kubeconfig that speaks to the API server, or to a proxy in front of it, as this account.</summary>
    public void WriteKubeconfig(IApiEndpoint endpoint, string path) =>
        Kubeconfig.Write(path, endpoint.Server, endpoint.AuthorityPem, Kubeconfig.UserWith(Token));

    /// <summary>The same, with the account's namespace as the current one, as it is in a pod: a Lease is written there.</summary>
    public void WriteKubeconfigAsInPod(IApiEndpoint endpoint, string path)
    {
        WriteKubeconfig(endpoint, path);
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config["contexts"]![0]!["context"]!["namespace"] = Namespace;
        File.WriteAllText(path, config.ToJsonString());
    }
}
