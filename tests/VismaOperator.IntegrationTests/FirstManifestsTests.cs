using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>What <c>init</c> and <c>import</c> write, taken by the real kubectl and a real API server.</summary>
public sealed class FirstManifestsTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_manifests_of_init_are_applied()
    {
        await using var scene = await Scene.SetAsync(fixture.Server);
        var file = scene.FileNamed("init.yaml");

        var init = await Verb.RunAsync(
            scene,
            null,
            "init",
            "--name",
            "acme",
            "--client-id",
            "isv_acme",
            "--tenant-id",
            The.Tenant,
            "--grant",
            "AuthorizationCode",
            "--scopes",
            "vismanet_erp_interactive_api:read",
            "-o",
            file
        );

        Assert.True(init.ExitCode == 0, init.Text);
        await ApplyAsync(
            scene,
            file,
            "secret/acme-credentials",
            "oauthclient.visma-operator.io/acme",
            "vismaconnection.visma-operator.io/acme"
        );
    }

    [Fact]
    public async Task The_manifests_of_import_are_applied_hostile_names_and_all()
    {
        await using var scene = await Scene.SetAsync(fixture.Server);
        foreach (var name in new[] { "service", "hostile", "interactive" })
        {
            var file = scene.FileNamed($"{name}.yaml");
            var export = Path.Combine(Root(), "tests", "VismaOperator.Tests", "Import", "Exports", $"{name}.json");

            var import = await Verb.RunAsync(scene, null, "import", export, "-o", file);

            Assert.True(import.ExitCode == 0, import.Text);
            await ApplyAsync(scene, file);
        }
    }

    [Fact]
    public async Task The_client_secret_that_the_comment_puts_in_outlives_each_further_apply()
    {
        await using var scene = await Scene.SetAsync(fixture.Server);
        var folder = Directory.CreateDirectory(scene.FileNamed("first")).FullName;
        var file = Path.Combine(folder, "first.yaml");
        var init = await Verb.RunAsync(
            scene,
            null,
            "init",
            "--name",
            $"{scene.Home.Name}/acme",
            "--client-id",
            "isv_acme",
            "--tenant-id",
            The.Tenant,
            "--grant",
            "ClientCredentials",
            "--scopes",
            "vismanet_erp_service_api:read",
            "-o",
            file
        );
        Assert.True(init.ExitCode == 0, init.Text);
        var command = await CommandInAsync(file);

        foreach (var secret in new[] { "first-secret", "second-secret" })
        {
            await Kubectl.SucceedAsync(scene, "apply", "--validate=false", "-f", file);
            await File.WriteAllTextAsync(Path.Combine(folder, "new-secret.txt"), secret, Ct);
            var put = await Verb.RunProgramAsync(scene, "/bin/sh", [], "-c", $"cd {folder} && {command}");
            Assert.True(put.ExitCode == 0, put.Text);
            await Kubectl.SucceedAsync(scene, "apply", "--validate=false", "-f", file);

            var kept = await scene.GetSecretAsync("acme-credentials");
            Assert.Equal(secret, kept.Value("clientSecret"));
            Assert.DoesNotContain(
                "clientSecret",
                kept["metadata"]!["annotations"]!["kubectl.kubernetes.io/last-applied-configuration"]!.GetValue<string>(),
                StringComparison.Ordinal
            );
        }
    }

    // The lines of the comment from its kubectl to its end, without the marks of a comment.
    private static async Task<string> CommandInAsync(string file) =>
        string.Join(
            '\n',
            (await File.ReadAllLinesAsync(file, Ct))
                .SkipWhile(line => !line.StartsWith("#   kubectl create secret", StringComparison.Ordinal))
                .TakeWhile(line => line.StartsWith("#   ", StringComparison.Ordinal))
                .Select(line => line[1..])
        );

    // The server of the tests is older than the validation by kubectl.
    private static async Task ApplyAsync(Scene scene, string file, params string[] expected)
    {
        await Kubectl.SucceedAsync(scene, "apply", "--dry-run=client", "--validate=false", "-f", file);
        var applied = await Kubectl.SucceedAsync(scene, "apply", "--dry-run=server", "--validate=false", "-f", file);
        Assert.All(applied.Lines, line => Assert.EndsWith(" created (server dry run)", line, StringComparison.Ordinal));
        Assert.All(expected, name => Assert.Contains($"{name} created (server dry run)", applied.Lines));
        Assert.Contains("apiVersion: ", await File.ReadAllTextAsync(file, Ct), StringComparison.Ordinal);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "VismaOperator.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
