using System.Text;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary><c>rotate</c> as a person runs it: the real executable, a real API server and its RBAC, an operator that follows.</summary>
public sealed class RotateTests(ApiServerFixture fixture)
{
    private const string Rbac = "rbac.authorization.k8s.io/v1";
    private const string Next = "shown-once-by-the-portal-too";

    private static int files;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_operator_goes_on_with_the_new_secret_and_the_old_one_can_be_deleted_in_the_portal()
    {
        await using var scene = await OpenAsync();
        var kubeconfig = await PersonAsync(scene);

        var rotate = await RotateAsync(scene, kubeconfig, Next + "\n", "--key", "next", "--expires", "2099-01-31", "--wait");

        Assert.True(rotate.ExitCode == 0, rotate.Text);
        var secret = await scene.GetSecretAsync(The.CredentialSecret);
        Assert.Equal((Next, The.ClientSecret), (secret.Value("next"), secret.Value("clientSecret")));
        Assert.Equal(["next", "clientSecret"], await ListAsync(scene));
        var client = await scene.Admin.GetAsync(scene.ClientPath(), Ct);
        Assert.Equal("2099-01-31T00:00:00Z", client["spec"]!["clientSecrets"]![0]!["expirationTime"]!.GetValue<string>());
        Assert.Contains("The operator uses the new secret. The old one may be deleted", rotate.Text, StringComparison.Ordinal);

        // As the last line says: from now on the portal knows the new one alone.
        scene.Provider.Portal.Set(new StandInClient(The.ClientId) { Secrets = [new StandInSecret(Next)] });
        await scene.RequestRefreshAsync("after");
        await scene.UntilHandledAsync("after");
        Assert.All(scene.Provider.Ledger.TokenRequests, request => Assert.Equal("granted", request.Outcome));
        Assert.Equal(4, scene.Provider.Ledger.TokenRequests.Count); // the first, the person's trial, the operator's, and this one
        NothingSecret(rotate.Text);
    }

    [Fact]
    public async Task A_wrong_secret_changes_nothing()
    {
        await using var scene = await OpenAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        var before = await VersionsAsync(scene);

        var rotate = await RotateAsync(scene, fixture.Server.KubeconfigPath, "a-secret-of-another-application\n");

        Assert.Equal(1, rotate.ExitCode);
        Assert.Contains("The provider refused the new client secret (invalid_client). Copy", rotate.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret-of-another-application", rotate.Text, StringComparison.Ordinal);
        Assert.Equal(before, await VersionsAsync(scene));
    }

    [Fact]
    public async Task A_client_of_Argo_CD_is_left_alone_and_the_printed_command_adds_the_key()
    {
        await using var scene = await OpenAsync();
        await scene.Admin.PatchAsync(
            $"{scene.ClientPath()}?fieldManager=argocd-controller",
            JsonNode.Parse("""{"metadata": {"labels": {"app.kubernetes.io/instance": "apps"}}}""")!.AsObject(),
            Ct
        );
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        var before = await VersionsAsync(scene);

        var rotate = await RotateAsync(scene, fixture.Server.KubeconfigPath, Next, "--key", "next");

        Assert.True(rotate.ExitCode == 3, rotate.Text);
        Assert.Equal(before, await VersionsAsync(scene));
        Assert.Contains(
            $"OAuthClient {scene.Home.Name}/acme is kept by Argo CD (field manager argocd-controller)",
            rotate.Text,
            StringComparison.Ordinal
        );
        NothingSecret(rotate.Text);

        var command = Assert.Single(rotate.Lines, line => line.StartsWith("kubectl create secret generic ", StringComparison.Ordinal));
        var folder = Directory.CreateDirectory(scene.FileNamed("by-hand")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "new-secret.txt"), Next, Ct);
        var byHand = await Verb.RunProgramAsync(scene, "/bin/sh", [], "-c", $"cd {folder} && {command}");
        Assert.True(byHand.ExitCode == 0, byHand.Text);
        var secret = await scene.GetSecretAsync(The.CredentialSecret);
        Assert.Equal((Next, The.ClientSecret), (secret.Value("next"), secret.Value("clientSecret")));

        // With the key there, only the client is left to be changed in the repository.
        var again = await RotateAsync(scene, fixture.Server.KubeconfigPath, Next);
        Assert.Equal(3, again.ExitCode);
        Assert.Contains("1. In the manifest of OAuthClient", again.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("external-secrets.io/v1", "ExternalSecret")]
    [InlineData("bitnami.com/v1alpha1", "SealedSecret")]
    public async Task A_Secret_that_another_object_makes_is_left_alone(string apiVersion, string kind)
    {
        await using var scene = await OpenAsync();
        var owner = new JsonObject
        {
            ["apiVersion"] = apiVersion,
            ["kind"] = kind,
            ["name"] = "acme",
            ["uid"] = "0badf00d-0000-4000-8000-000000000001",
            ["controller"] = true,
        };
        await scene.Admin.PatchAsync(
            scene.SecretPath(The.CredentialSecret),
            new JsonObject { ["metadata"] = new JsonObject { ["ownerReferences"] = new JsonArray(owner) } },
            Ct
        );
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        var before = await VersionsAsync(scene);

        var rotate = await RotateAsync(scene, fixture.Server.KubeconfigPath, Next);

        Assert.True(rotate.ExitCode == 3, rotate.Text);
        Assert.Contains($"Secret {scene.Home.Name}/acme-credentials is kept by {kind} acme", rotate.Text, StringComparison.Ordinal);
        Assert.Equal(before, await VersionsAsync(scene));
        NothingSecret(rotate.Text);
    }

    private async Task<Scene> OpenAsync()
    {
        var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        scene.Provider.Portal.Set(
            new StandInClient(The.ClientId) { Secrets = [new StandInSecret(The.ClientSecret), new StandInSecret(Next)] }
        );
        return scene;
    }

    // The secret comes from a file, as docs/rotate.md has it.
    private static async Task<Verb> RotateAsync(Scene scene, string kubeconfig, string secret, params string[] arguments)
    {
        var file = scene.FileNamed($"new-secret-{Interlocked.Increment(ref files)}.txt");
        await File.WriteAllTextAsync(file, secret, Ct);
        var program = OperatorProcess.FindProgram("visma-operator");
        string[] all =
        [
            "-c",
            $"exec \"$0\" \"$@\" < {file}",
            program,
            "rotate",
            The.Client,
            "--kubeconfig",
            kubeconfig,
            "-n",
            scene.Home.Name,
            "--allowed-issuers",
            scene.Provider.Issuer.OriginalString,
            "--insecure-issuers",
            .. arguments,
        ];
        return await Verb.RunProgramAsync(scene, "/bin/sh", [], all);
    }

    private static async Task<IReadOnlyList<string>> ListAsync(Scene scene) =>
        [
            .. (await scene.Admin.GetAsync(scene.ClientPath(), Ct))["spec"]!["clientSecrets"]!
                .AsArray()
                .Select(entry => entry!["secretKeyRef"]!["key"]!.GetValue<string>()),
        ];

    private static async Task<(string Secret, string Client)> VersionsAsync(Scene scene) =>
        (
            (await scene.GetSecretAsync(The.CredentialSecret))["metadata"]!["resourceVersion"]!.GetValue<string>(),
            (await scene.Admin.GetAsync(scene.ClientPath(), Ct))["spec"]!.ToJsonString()
        );

    private static void NothingSecret(string text)
    {
        foreach (var secret in new[] { Next, The.ClientSecret })
        {
            Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)), text, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
        }
    }

    // With the role that docs/rotate.md shows, and no other.
    private static async Task<string> PersonAsync(Scene scene)
    {
        var account = await TestServiceAccount.CreateAsync(scene.Admin, scene.Home, "rotator", Ct);
        var role = Assert.Single(DocumentedYaml.In("docs/rotate.md")).DeepClone().AsObject();
        var name = role["metadata"]!["name"]!.GetValue<string>();
        role["metadata"]!.AsObject().Remove("namespace");
        await scene.Admin.CreateAsync(scene.Home.Of(Rbac, "roles"), role, Ct);
        await scene.Admin.CreateAsync(
            scene.Home.Of(Rbac, "rolebindings"),
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name },
                ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "Role", ["name"] = name },
                ["subjects"] = new JsonArray(account.ToSubject()),
            },
            Ct
        );
        var path = scene.FileNamed("rotator.kubeconfig");
        account.WriteKubeconfig(scene.Server, path);
        return path;
    }
}
