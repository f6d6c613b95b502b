using System.Diagnostics;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary><c>check</c> and <c>local</c> as processes: with a cluster to compare with, and with files that never end.</summary>
public sealed class CheckTests(ApiServerFixture fixture) : IDisposable
{
    private const string Rbac = "/apis/rbac.authorization.k8s.io/v1";

    // Two seconds are promised; the machine of the tests may be busy.
    private static readonly TimeSpan promptly = TimeSpan.FromSeconds(10);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("visma-operator-check-");
    private int started;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_client_about_to_be_closed_names_the_connections_of_the_cluster_with_no_more_than_list_on_two_kinds()
    {
        await using var home = await fixture.CreateNamespaceAsync(Ct);
        await fixture.Admin.CreateAsync(
            home.Of(The.Group, "oauthclients"),
            The.OAuthClient(The.Client, The.ClientSpec("https://connect.visma.com")),
            Ct
        );
        await fixture.Admin.CreateAsync(
            home.Of(The.Group, "vismaconnections"),
            The.VismaConnection(The.Connection, The.ConnectionSpec()),
            Ct
        );
        await fixture.Admin.PatchAsync(
            $"{home.Of(The.Group, "vismaconnections")}/{The.Connection}/status",
            new JsonObject { ["status"] = new JsonObject { ["secretName"] = The.TokenSecret } },
            Ct);
        var account = await TestServiceAccount.CreateAsync(fixture.Admin, home, "checker", Ct);
        account.WriteKubeconfig(fixture.Server, PathOf("kubeconfig"));
        var closed = The.OAuthClient(The.Client, The.ClientSpec("https://connect.visma.com"));
        closed["metadata"]!["namespace"] = home.Name;
        closed["spec"]!["tenants"] = new JsonArray(new JsonObject { ["tenantID"] = The.OtherTenant });
        await File.WriteAllTextAsync(PathOf("client.json"), closed.ToJsonString(), Ct);
        string[] arguments = ["check", "-f", PathOf("client.json"), "--cluster", "--kubeconfig", PathOf("kubeconfig")];

        var (refused, refusal) = await RunAsync(arguments);
        await GrantAsync(account, home.Name);
        var (warned, warning) = await RunAsync(arguments);

        Assert.Equal(2, refused);
        Assert.Contains(
            "kubectl create clusterrole visma-check --verb=list "
            + "--resource=oauthclients.visma-operator.io,vismaconnections.visma-operator.io",
            refusal,
            StringComparison.Ordinal
        );
        Assert.Equal(0, warned);
        Assert.Contains(
            $"VismaConnection {home.Name}/{The.Connection} (Secret {The.TokenSecret}) would lose the Secret",
            warning,
            StringComparison.Ordinal
        );
        Assert.Contains("[WouldLoseSecret]", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_that_cannot_be_reached_is_an_unusable_argument()
    {
        await File.WriteAllTextAsync(
            PathOf("client.json"),
            The.OAuthClient(The.Client, The.ClientSpec("https://connect.visma.com")).ToJsonString(),
            Ct
        );

        var (exitCode, output) = await RunAsync("check", "-f", PathOf("client.json"), "--cluster", "--kubeconfig", PathOf("nowhere"));

        Assert.Equal(2, exitCode);
        Assert.Contains("visma-operator check: --cluster: ", output, StringComparison.Ordinal);
        Assert.Contains("1 object checked: ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipe_that_nobody_writes_to_does_not_keep_check_from_stopping()
    {
        await RunToEndAsync("mkfifo", PathOf("pipe.yaml"));
        await using var check = Start("check", "-f", PathOf("pipe.yaml"));

        // A pipe opens for writing as soon as somebody has it open for reading.
        await using var pipe = await Task.Run(
            () => File.Open(PathOf("pipe.yaml"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite),
            Ct
        );

        Assert.Equal(1, await check.TerminateAsync(Ct, promptly));
        Assert.Contains(check.Lines, line => line == "visma-operator check: stopped before the end");
    }

    [Fact]
    public async Task Files_that_never_end_keep_neither_local_mode_from_serving_nor_from_stopping()
    {
        var manifests = Directory.CreateDirectory(PathOf("manifests")).FullName;
        await RunToEndAsync("mkfifo", Path.Combine(manifests, "pipe.yaml"));
        File.CreateSymbolicLink(Path.Combine(manifests, "zero.yaml"), "/dev/zero");
        Directory.CreateSymbolicLink(Path.Combine(manifests, "self"), ".");
        await File.WriteAllTextAsync(Path.Combine(manifests, "deep.yaml"), "kind: X\nx: " + new string('[', 100_000), Ct);
        await using var local = Start("local", "-f", manifests, "--out", PathOf("out"), "--state", PathOf("state"));
        await local.WaitForLineAsync("Manifests read", Ct);

        Assert.Equal(0, await local.TerminateAsync(Ct, promptly));

        Assert.Contains(local.Lines, line => line.Contains("deep.yaml:2:", StringComparison.Ordinal));
    }

    private async Task GrantAsync(TestServiceAccount account, string ns)
    {
        var rule = new JsonObject
        {
            ["apiGroups"] = new JsonArray("visma-operator.io"),
            ["resources"] = new JsonArray("oauthclients", "vismaconnections"),
            ["verbs"] = new JsonArray("list"),
        };
        await fixture.Admin.CreateAsync(
            $"{Rbac}/clusterroles",
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = ns },
                ["rules"] = new JsonArray(rule),
            },
            Ct
        );
        await fixture.Admin.CreateAsync(
            $"{Rbac}/clusterrolebindings",
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = ns },
                ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = ns },
                ["subjects"] = new JsonArray(account.ToSubject()),
            },
            Ct);
    }

    private async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        await using var check = Start(arguments);
        return (await check.WaitForExitAsync(Ct), string.Join('\n', check.Lines));
    }

    private static async Task RunToEndAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(Ct);
    }

    private RealProcess Start(params string[] arguments) =>
        RealProcess.Start(
            new ProcessCommand(arguments[0], OperatorProcess.FindProgram("visma-operator"), arguments, PathOf($"{++started}.log"))
        );

    private string PathOf(string name) => Path.Combine(folder.FullName, name);
}
