using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// A scene with a connection that waits for a person at a terminal, who may do what the documentation says and nothing else.
/// </summary>
internal static class ConnectScene
{
    public const string Person = "kari@acme.example";

    private const string Rbac = "rbac.authorization.k8s.io/v1";

    /// <summary>All that a person needs who may consent and nothing else.</summary>
    private static IReadOnlyList<JsonNode> Needed { get; } = DocumentedYaml.In("docs/interactive-connections.md");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Everything up but the verb, to which the browser will come back at this port.</summary>
    public static async Task<Scene> OpenAsync(ApiServerFixture fixture, int port)
    {
        var scene = await Scene.OpenAsync(fixture);
        scene.Provider.Portal.Set(new StandInUser(Person, "sub-of-kari") { Tenants = [The.Tenant] });
        scene.Provider.Portal.Set(scene.Provider.Portal.FindClient(The.ClientId)! with
        {
            AllowedScopes = ErpScopes.Interactive,
            AllowedGrants = StandInClient.InteractiveGrants,
            AllowOfflineAccess = true,
            RedirectUris = [$"http://localhost:{port}/oauth2/callback"],
        });
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        var spec = The.ConnectionSpec();
        spec["grant"] = "AuthorizationCode";
        spec["scopes"] = new JsonArray("vismanet_erp_interactive_api:read");
        await scene.CreateConnectionAsync(spec);
        return scene;
    }

    /// <summary>An account with the documented role in the scene's namespace, as a kubeconfig.</summary>
    public static async Task<string> PersonAsync(Scene scene, string? withoutVerb = null)
    {
        var account = await TestServiceAccount.CreateAsync(scene.Admin, scene.Home, "kari", Ct);
        foreach (var resource in Needed)
        {
            await scene.Admin.CreateAsync(
                scene.Home.Of(Rbac, resource["kind"]!.GetValue<string>().ToLowerInvariant() + "s"),
                Own(resource, scene, account, withoutVerb),
                Ct
            );
        }

        var path = scene.FileNamed("kari.kubeconfig");
        account.WriteKubeconfig(scene.Server, path);
        return path;
    }

    /// <summary>Starts the verb.</summary>
    /// <param name="scene">The scene.</param>
    /// <param name="kubeconfig">Whose permissions it runs with.</param>
    /// <param name="port">Where the browser comes back to.</param>
    /// <param name="desktop">Variables of the desktop whose browser is opened; null to have the address printed.</param>
    /// <param name="log">File that holds its output.</param>
    public static RealProcess StartConnect(
        this Scene scene,
        string kubeconfig,
        int port,
        Dictionary<string, string?>? desktop = null,
        string log = "connect.log"
    )
    {
        string[] arguments =
        [
            "connect",
            $"{scene.Home.Name}/{The.Connection}",
            "--kubeconfig",
            kubeconfig,
            "--port",
            $"{port}",
            "--allowed-issuers",
            scene.Provider.Issuer.OriginalString,
            "--insecure-issuers",
            .. desktop is null ? ["--no-browser"] : (string[])[],
        ];
        return RealProcess.Start(
            new ProcessCommand("connect", OperatorProcess.FindProgram("visma-operator"), arguments, scene.FileNamed(log))
            {
                Environment = desktop ?? [],
            }
        );
    }

    // The names in the document are those of the example.
    private static JsonNode Own(JsonNode resource, Scene scene, TestServiceAccount account, string? withoutVerb)
    {
        var own = JsonNode.Parse(
            resource.ToJsonString().Replace("\"acme-visma-handoff\"", $"\"{The.Connection}-visma-handoff\"", StringComparison.Ordinal)
        )!;
        own["metadata"]!["namespace"] = scene.Home.Name;
        if (own["rules"] is JsonArray rules)
        {
            own["rules"] = new JsonArray([
                .. rules
                    .Where(rule => rule!["verbs"]!.AsArray().All(verb => verb!.GetValue<string>() != withoutVerb))
                    .Select(rule => rule!.DeepClone()),
            ]);
        }
        else
        {
            own["subjects"] = new JsonArray(account.ToSubject());
        }

        return own;
    }
}
