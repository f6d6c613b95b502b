using System.Text;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary><c>doctor</c> as a person runs it: the real executable, a real API server and its RBAC, a real provider.</summary>
public sealed class DoctorTests(ApiServerFixture fixture)
{
    private const string Rbac = "rbac.authorization.k8s.io/v1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Admin => fixture.Server.KubeconfigPath;

    [Fact]
    [Trait("Reach", "Cluster")]
    public async Task An_administrator_sees_every_link_and_who_keeps_an_old_token()
    {
        await using var scene = await OpenAsync();
        await CreateReaderAsync(scene);
        await CreateOperatorPodAsync(scene);

        var json = await DoctorAsync(scene, Admin, The.Connection, "--request", "-o", "json");
        var text = await DoctorAsync(scene, Admin, $"{scene.Home.Name}/{The.Connection}", "--request");
        var shown = await DoctorAsync(scene, Admin, The.Connection);

        Assert.True((json.ExitCode, text.ExitCode, shown.ExitCode) == (0, 0, 0), text.Text);
        var links = JsonNode.Parse(json.Text)!["links"]!.AsArray().ToDictionary(link => (string)link!["link"]!, link => link!);
        var held = links.Where(pair => (string)pair.Value["outcome"]! == "Ok").Select(pair => pair.Key);
        Assert.Equal(
            "client clientID clientSecret clock connection discovery dns networkPolicy operator permissions probe scopes secret status "
                + "tenant token",
            string.Join(' ', held.Order(StringComparer.Ordinal))
        );
        Assert.Equal(("Warning", "ReaderKeepsOldToken"), ((string)links["readers"]["outcome"]!, (string)links["readers"]["reason"]!));
        Assert.Contains("by Pod importer (env).", (string)links["readers"]["message"]!, StringComparison.Ordinal);
        Assert.Contains(
            text.Lines,
            line => line.StartsWith("✓ Token request  The provider accepted the client", StringComparison.Ordinal)
        );
        Assert.Contains(shown.Lines, line => line.StartsWith("- Token request  NotAsked: POST ", StringComparison.Ordinal));
        Assert.Equal(3, scene.Provider.Ledger.TokenRequests.Count(request => request.IsGranted)); // the operator's, and two of doctor
        NothingSecret(scene, json.Text + text.Text + shown.Text);
    }

    [Fact]
    public async Task Who_may_read_the_connection_only_learns_the_rest_is_unknown()
    {
        await using var scene = await OpenAsync();
        var kubeconfig = await ReaderAsync(scene);

        var doctor = await DoctorAsync(scene, kubeconfig, The.Connection, "-o", "json");
        var absent = await DoctorAsync(scene, kubeconfig, "nobody");

        Assert.Equal((0, 2), (doctor.ExitCode, absent.ExitCode));
        Assert.Equal(
            ["clientSecret", "networkPolicy", "operator", "permissions", "readers", "secret"],
            JsonNode
                .Parse(doctor.Text)!["links"]!.AsArray()
                .Where(link => (string)link!["outcome"]! == "Unknown")
                .Select(link => (string)link!["link"]!)
                .Order(StringComparer.Ordinal)
        );
        Assert.Contains($"There is no VismaConnection {scene.Home.Name}/nobody in the cluster ", absent.Text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Reach", "Cluster")]
    public async Task What_the_operator_lacks_is_named()
    {
        await using var scene = await OpenAsync();
        var stranger = await TestServiceAccount.CreateAsync(scene.Admin, scene.Home, "stranger", Ct);

        var doctor = await DoctorAsync(
            scene,
            Admin,
            The.Connection,
            "--service-account",
            $"{stranger.Namespace}/{stranger.Name}"
        );

        Assert.Equal(1, doctor.ExitCode);
        Assert.Contains(
            doctor.Lines,
            line =>
                line.StartsWith("✗ Permissions    PermissionMissing: Service account ", StringComparison.Ordinal)
                && line.Contains($"patch vismaconnections/status.visma-operator.io in namespace {scene.Home.Name}")
        );
    }

    [Fact]
    public async Task What_the_operator_lacks_where_the_token_is_copied_to_is_named()
    {
        await using var scene = await OpenAsync(Reach.Listed, copyTo: "default");

        var doctor = await DoctorAsync(scene, Admin, The.Connection);

        Assert.Equal(1, doctor.ExitCode);
        var told = doctor.Lines.Single(line => line.StartsWith("✗ Permissions    PermissionMissing: ", StringComparison.Ordinal));
        Assert.Contains("; create secrets in namespace default; ", told, StringComparison.Ordinal);
        Assert.Contains("; get namespaces default", told, StringComparison.Ordinal);
        Assert.DoesNotContain($" in namespace {scene.Home.Name}", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manifests_are_looked_at_before_there_is_a_cluster()
    {
        await using var scene = await Scene.SetAsync(fixture.Server);
        var folder = Directory.CreateDirectory(scene.FileNamed("manifests")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "acme.yaml"), Manifests(scene, The.ClientSecret), Ct);
        var wrong = scene.FileNamed("wrong.yaml");
        await File.WriteAllTextAsync(wrong, Manifests(scene, "a-secret-of-last-year"), Ct);

        var good = await DoctorAsync(scene, "/no/such/kubeconfig", "-f", folder, "--request");
        var bad = await DoctorAsync(scene, "/no/such/kubeconfig", "-f", wrong, "--request", "-o", "json");
        var none = await DoctorAsync(scene, "/no/such/kubeconfig", "-f", folder, "other");

        Assert.Equal((0, 1, 2), (good.ExitCode, bad.ExitCode, none.ExitCode));
        Assert.Contains(good.Lines, line => line.StartsWith("✓ Tenant         The provider issued a token", StringComparison.Ordinal));
        var links = JsonNode.Parse(bad.Text)!["items"]![0]!["links"]!.AsArray();
        Assert.Equal("ClientRefused", (string)links.Single(link => (string)link!["outcome"]! == "Broken")!["reason"]!);
        NothingSecret(scene, good.Text + bad.Text);
        Assert.DoesNotContain("a-secret-of-last-year", bad.Text, StringComparison.Ordinal);
    }

    private async Task<Scene> OpenAsync(Reach? reach = null, string? copyTo = null)
    {
        var port = FreePort.Take();
        var scene = await Scene.OpenAsync(
            fixture,
            new SceneOptions
            {
                Provider = The.Provider with { Port = port },
                Arguments = ["--allowed-api-hosts", $"127.0.0.1:{port}"],
                Reach = reach ?? Reaches.OfThisRun,
            }
        );
        var spec = The.ConnectionSpec();
        spec["baseURL"] = $"{scene.Provider.Issuer.OriginalString}/v1";
        if (copyTo is not null)
        {
            spec["secret"] = new JsonObject
            {
                ["copies"] = new JsonArray(new JsonObject { ["namespace"] = copyTo, ["name"] = "acme-token" }),
            };
        }

        await scene.CreateAllAsync(spec);
        return scene;
    }

    private static Task<Verb> DoctorAsync(Scene scene, string kubeconfig, params string[] arguments) =>
        Verb.RunAsync(
            scene,
            kubeconfig,
            [
                "doctor",
                .. arguments,
                "--allowed-issuers",
                scene.Provider.Issuer.OriginalString,
                "--allowed-api-hosts",
                scene.Provider.Issuer.Authority,
                "--insecure-issuers",
                .. arguments.Contains("--service-account") || arguments.Contains("-f")
                    ? []
                    : new[] { "--service-account", $"{scene.Home.Name}/visma-operator" },
            ]
        );

    private static void NothingSecret(Scene scene, string text)
    {
        foreach (var secret in scene.Provider.Ledger.AllSecretsIssued().Append(The.ClientSecret))
        {
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)), text, StringComparison.Ordinal);
        }
    }

    private static Task CreateReaderAsync(Scene scene) =>
        CreatePodAsync(
            scene,
            "importer",
            "{}",
            """
            {"containers": [{"name": "importer", "image": "importer", "env": [
              {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "acme-production-token", "key": "access_token"}}}]}]}
            """
        );

    private static async Task CreateOperatorPodAsync(Scene scene)
    {
        var served = Reaches.OfThisRun == Reach.Listed ? $", \"--namespaces={scene.Home.Name}\"" : string.Empty;
        await CreatePodAsync(
            scene,
            "visma-operator-5d4f",
            """{"labels": {"app.kubernetes.io/name": "visma-operator", "app.kubernetes.io/component": "operator"}}""",
            $$"""
            {"serviceAccountName": "visma-operator",
             "containers": [{"name": "operator", "image": "visma-operator", "args": ["run"{{served}}]}]}
            """
        );
        await scene.Admin.PatchAsync(
            scene.Home.Core("pods/visma-operator-5d4f/status"),
            JsonNode.Parse("""{"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}""")!.AsObject(),
            Ct
        );
    }

    private static Task<JsonNode> CreatePodAsync(Scene scene, string name, string metadata, string spec)
    {
        var pod = new JsonObject { ["metadata"] = JsonNode.Parse(metadata), ["spec"] = JsonNode.Parse(spec) };
        pod["metadata"]!["name"] = name;
        return scene.Admin.CreateAsync(scene.Home.Core("pods"), pod, Ct);
    }

    private static async Task<string> ReaderAsync(Scene scene)
    {
        var account = await TestServiceAccount.CreateAsync(scene.Admin, scene.Home, "on-call", Ct);
        await scene.Admin.CreateAsync(
            scene.Home.Of(Rbac, "roles"),
            JsonNode.Parse(
                """
                {"metadata": {"name": "on-call"}, "rules": [{"apiGroups": ["visma-operator.io"],
                 "resources": ["vismaconnections", "oauthclients"], "verbs": ["get"]}]}
                """
            )!.AsObject(),
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
        account.WriteKubeconfig(scene.Server, path);
        return path;
    }

    private static string Manifests(Scene scene, string secret) =>
        $$"""
        apiVersion: v1
        kind: Secret
        metadata: {name: {{The.CredentialSecret}}, namespace: {{scene.Home.Name}}}
        stringData:
          clientSecret: {{secret}}
        ---
        apiVersion: visma-operator.io/v1
        kind: OAuthClient
        metadata: {name: {{The.Client}}, namespace: {{scene.Home.Name}}}
        spec: {{The.ClientSpec(scene.Provider.Issuer.OriginalString).ToJsonString()}}
        ---
        apiVersion: visma-operator.io/v1
        kind: VismaConnection
        metadata: {name: {{The.Connection}}, namespace: {{scene.Home.Name}}}
        spec:
          oauthClientRef: {name: {{The.Client}}}
          tenantID: {{The.Tenant}}
          baseURL: {{scene.Provider.Issuer.OriginalString}}/v1
          scopes: ["vismanet_erp_service_api:read"]
        """;
}
