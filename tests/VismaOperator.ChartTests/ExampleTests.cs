using System.Text.Json.Nodes;
using VismaOperator.Api.Validation;
using VismaOperator.ChartTests.Support;
using VismaOperator.Cli.Check;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>The examples work: they pass the operator's own check, and the real API server accepts them.</summary>
public sealed class ExampleTests(ApiServerFixture fixture)
{
    // Groups whose definitions belong to somebody else: Flux, Argo CD, External Secrets, Sealed Secrets. TEST_MORE_CRDS brings them.
    private static readonly string[] ofOthers = ["toolkit.fluxcd.io", "argoproj.io", "external-secrets.io", "bitnami.com"];

    // The issuer of the quickstart is the demo's stand-in on this machine.
    private static readonly AllowLists forTheDemo = new() { AllowedIssuers = ["http://127.0.0.1:18088"], AllowInsecureIssuers = true };

    private static string Root { get; } = RepositoryFolder.PathOf("examples");

    public static TheoryData<string> Folders() =>
        [.. Manifests(Root).Select(FolderOf).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Folders with objects of our kinds; the others hold the input of GitOps tools and kustomizations, and <c>check</c> says that it has
    /// nothing to check there.
    /// </summary>
    public static TheoryData<string> FoldersOfOurs() =>
        [
            .. Manifests(Root)
                .Where(file => YamlDocuments.Read(file).Any(resource => resource.Kind() is "OAuthClient" or "VismaConnection"))
                .Select(FolderOf)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];

    private static string FolderOf(string file) => Path.GetRelativePath(Root, Path.GetDirectoryName(file)!);

    [Theory]
    [MemberData(nameof(FoldersOfOurs))]
    public void The_check_finds_no_error(string folder)
    {
        using var output = new StringWriter();

        // With all that is below the folder, as when a person names it; what a build leaves there is JSON.
        var files = Directory.GetFiles(Path.Combine(Root, folder), "*.yaml", SearchOption.AllDirectories);

        var exitCode = CheckCommand.Run(
            files,
            CheckOutput.Text,
            folder == "quickstart" ? forTheDemo : new AllowLists(),
            TimeProvider.System,
            output,
            output
        );

        Assert.True(exitCode == 0, output.ToString());
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task The_API_server_takes_every_object_as_it_is(string folder)
    {
        await using var home = await fixture.CreateNamespaceAsync(TestContext.Current.CancellationToken);
        var server = new DryRun(fixture.Admin, home.Name);
        foreach (var resource in Manifests(Path.Combine(Root, folder)).SelectMany(YamlDocuments.Read))
        {
            await AssertTakenAsync(server, resource);
        }
    }

    [Fact]
    public async Task The_overlay_of_production_builds_and_is_taken()
    {
        await using var home = await fixture.CreateNamespaceAsync(TestContext.Current.CancellationToken);
        var built = YamlDocuments.Read(
            new StringReader(await Tool.Kubectl.RunAsync("kustomize", Path.Combine(Root, "kustomize/overlays/production")))
        );

        Assert.Equal(
            "https://connect.visma.com",
            built.Single(resource => resource.Kind() == "OAuthClient")["spec"]!["issuer"]!.GetValue<string>()
        );
        foreach (var resource in built)
        {
            await AssertTakenAsync(new DryRun(fixture.Admin, home.Name), resource);
        }
    }

    [Fact]
    public void Every_pod_of_the_examples_would_pass_the_restricted_standard()
    {
        var workloads = Manifests(Root)
            .SelectMany(YamlDocuments.Read)
            .Where(resource => resource["spec"]?["template"]?["spec"]?["containers"] is not null)
            .ToList();

        Assert.True(workloads.Count >= 3, "The examples hold no workloads.");
        Assert.All(workloads, workload => Assert.Empty(Unrestricted(workload["spec"]!["template"]!["spec"]!)));
    }

    private static IEnumerable<string> Unrestricted(JsonNode pod)
    {
        (string Rule, bool IsKept)[] ofThePod =
        [
            ("runAsNonRoot", pod["securityContext"]?["runAsNonRoot"]?.GetValue<bool>() == true),
            ("seccompProfile", pod["securityContext"]?["seccompProfile"]?["type"]?.GetValue<string>() == "RuntimeDefault"),
            ("automountServiceAccountToken", pod["automountServiceAccountToken"]?.GetValue<bool>() == false),
        ];
        var ofContainers = pod["containers"]!
            .AsArray()
            .Select(container => container!["securityContext"])
            .SelectMany(context =>
                new (string Rule, bool IsKept)[]
                {
                    ("allowPrivilegeEscalation", context?["allowPrivilegeEscalation"]?.GetValue<bool>() == false),
                    ("readOnlyRootFilesystem", context?["readOnlyRootFilesystem"]?.GetValue<bool>() == true),
                    ("capabilities", context?["capabilities"]?["drop"]?.ToJsonString() == """["ALL"]"""),
                }
            );
        return ofThePod.Concat(ofContainers).Where(rule => !rule.IsKept).Select(rule => rule.Rule);
    }

    private static async Task AssertTakenAsync(DryRun server, JsonNode resource)
    {
        if (await server.CreateAsync(resource) is { } answer)
        {
            Assert.Empty(DryRun.Dropped(resource, answer));
            return;
        }

        var group = resource["apiVersion"]!.GetValue<string>().Split('/')[0];
        Assert.True(
            ofOthers.Any(other => group == other || group.EndsWith('.' + other, StringComparison.Ordinal)),
            $"The API server does not have {resource["apiVersion"]} {resource.Kind()}."
        );
        TestContext.Current.SendDiagnosticMessage(
            $"Not checked, since {ApiServerFixture.MoreDefinitionsVariable} names no folder with its definition: {group} {resource.Kind()}"
        );
    }

    // Files that are no manifests: Kustomize's own, what it makes a ConfigMap of, and what Helm is given.
    private static IEnumerable<string> Manifests(string folder) =>
        Directory
            .GetFiles(folder, "*.yaml", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) is not ("kustomization.yaml" or "actions.yaml" or "values.yaml"))
            .Order(StringComparer.Ordinal);
}
