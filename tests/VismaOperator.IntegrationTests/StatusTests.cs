using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary><c>status</c> and <c>refresh</c> as a person runs them: the real executable, a real API server and its RBAC.</summary>
public sealed class StatusTests(ApiServerFixture fixture)
{
    private const string Broken = "not-approved";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Admin => fixture.Server.KubeconfigPath;

    [Fact]
    public async Task What_is_broken_is_told_first_with_what_to_do_and_by_the_exit_code()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var fine = await Verb.RunAsync(scene, Admin, "status", $"vc/{The.Connection}");
        await CreateBrokenAsync(scene);

        var list = await Verb.RunAsync(scene, Admin, "status");
        var one = await Verb.RunAsync(scene, Admin, "status", $"{scene.Home.Name}/{Broken}", "-A");
        var json = await Verb.RunAsync(scene, Admin, "status", "-o", "json");

        Assert.Equal(0, fine.ExitCode);
        Assert.Contains(fine.Lines, line => line.StartsWith($"Client     {scene.Home.Name}/{The.Client}, Ready", StringComparison.Ordinal));
        Assert.Equal((1, 1, 1), (list.ExitCode, one.ExitCode, json.ExitCode));
        Assert.StartsWith($"vc/{Broken}", list.Lines[1], StringComparison.Ordinal);
        const string Remedy = "1 of 3 broken. What to do: visma-operator status NAMESPACE/NAME --kubeconfig ";
        Assert.Contains(list.Lines, line => line.StartsWith(Remedy, StringComparison.Ordinal));
        Assert.Contains(one.Lines, line => line.StartsWith("Why        TenantRefused: ", StringComparison.Ordinal));
        Assert.Contains(one.Lines, line => line.StartsWith("Next       attempt ", StringComparison.Ordinal));
        var items = JsonNode.Parse(json.Text)!["items"]!.AsArray();
        Assert.Equal(["Stalled", "Ready", "Ready"], items.Select(item => (string)item!["state"]!));
        Assert.All(
            scene.Provider.Ledger.AllSecretsIssued(),
            secret => Assert.DoesNotContain(secret, list.Text + one.Text + json.Text + fine.Text, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Who_may_read_one_namespace_sees_that_one_and_is_told_what_is_missing_for_others()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var kubeconfig = await ReaderAsync(scene, "get", "list");

        var own = await Verb.RunAsync(scene, kubeconfig, "status");
        var other = await Verb.RunAsync(scene, kubeconfig, "status", "-n", "default");
        var all = await Verb.RunAsync(scene, kubeconfig, "status", "-A");
        var refresh = await Verb.RunAsync(scene, kubeconfig, "refresh", The.Connection);

        Assert.Equal((0, 2, 2, 1), (own.ExitCode, other.ExitCode, all.ExitCode, refresh.ExitCode));
        Assert.Contains(
            "visma-operator: You may not list vismaconnections.visma-operator.io in namespace default. Have a Role with the verb list "
                + "bound to your account.",
            other.Lines
        );
        Assert.Contains(all.Lines, line => line.Contains("in all namespaces. Name one namespace with -n", StringComparison.Ordinal));
        Assert.Contains("You may not patch vismaconnections.visma-operator.io", refresh.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_it_watches_each_change_is_a_line_and_a_signal_ends_it_well()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var kubeconfig = await ReaderAsync(scene, "get", "list", "watch");
        await using var watch = Verb.Start(scene, kubeconfig, "status", "--watch");
        await watch.WaitForLineAsync($"vc/{The.Connection}", Ct);

        await CreateBrokenAsync(scene);
        await watch.WaitForLineAsync("TenantRefused", Ct);
        await scene.Admin.DeleteAsync(scene.ConnectionPath(Broken), Ct);
        await watch.WaitForLineAsync("Deleted", Ct);

        Assert.Equal(0, await watch.TerminateAsync(Ct));
        Assert.Single(watch.Lines, line => line.StartsWith($"vc/{The.Connection} ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task As_a_plugin_of_kubectl_it_is_kubectl_visma()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var folder = Directory.CreateDirectory(scene.FileNamed("plugins")).FullName;
        File.CreateSymbolicLink(Path.Combine(folder, "kubectl-visma"), OperatorProcess.FindProgram("visma-operator"));
        var path = new Dictionary<string, string?> { ["PATH"] = $"{folder}:{Environment.GetEnvironmentVariable("PATH")}" };

        var names = await Verb.RunProgramAsync(scene, "kubectl", path, "visma", "status", "-n", scene.Home.Name, "-o", "name");
        var none = await Verb.RunProgramAsync(scene, "kubectl", path, "visma", "status", "-n", scene.Home.Name, "nobody");

        Assert.Equal([$"oauthclient.visma-operator.io/{The.Client}", $"vismaconnection.visma-operator.io/{The.Connection}"], names.Lines);
        Assert.Equal(2, none.ExitCode);
        Assert.EndsWith("See what there is: kubectl visma status -A", none.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_states_have_colours_and_NO_COLOR_takes_them_away()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "script (util-linux) makes the terminal.");
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var command = $"'{OperatorProcess.FindProgram("visma-operator")}' status -n {scene.Home.Name}";
        Dictionary<string, string?> plain = new() { ["TERM"] = "xterm", ["NO_COLOR"] = null };

        var coloured = await Verb.RunProgramAsync(scene, "/usr/bin/script", plain, "-qec", command, "/dev/null");
        var bare = await Verb.RunProgramAsync(
            scene,
            "/usr/bin/script",
            new Dictionary<string, string?>(plain) { ["NO_COLOR"] = "1" },
            "-qec",
            command,
            "/dev/null"
        );

        Assert.Equal((0, 0), (coloured.ExitCode, bare.ExitCode));
        Assert.Contains("\u001b[32mReady\u001b[0m", coloured.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[32m", bare.Text, StringComparison.Ordinal);
        Assert.Contains("Ready", bare.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refresh_that_is_waited_for_ends_with_the_new_token_or_with_the_cause()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var kubeconfig = await ReaderAsync(scene, "get", "list", "watch", "patch");

        var renewed = await Verb.RunAsync(scene, kubeconfig, "refresh", The.Connection, "--wait");
        scene.Provider.Faults.Always(Fault.ServerError(503));
        var refused = await Verb.RunAsync(scene, kubeconfig, "refresh", "--all", "--wait");

        Assert.True(renewed.ExitCode == 0, renewed.Text);
        Assert.True(refused.ExitCode == 1, refused.Text);
        Assert.Contains($"{scene.Home.Name}/{The.Connection}: refreshed, valid until ", renewed.Text, StringComparison.Ordinal);
        Assert.Contains($"{The.Connection}: not refreshed: ProviderUnavailable: ", refused.Text, StringComparison.Ordinal);
        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count(request => request.IsGranted));
    }

    [Fact]
    public async Task Names_that_the_person_may_list_complete_a_word_in_a_shell()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var kubeconfig = await ReaderAsync(scene, "list");
        var folder = Directory.CreateDirectory(scene.FileNamed("path")).FullName;
        File.CreateSymbolicLink(Path.Combine(folder, "visma-operator"), OperatorProcess.FindProgram("visma-operator"));
        var path = new Dictionary<string, string?> { ["PATH"] = $"{folder}:{Environment.GetEnvironmentVariable("PATH")}" };
        var typed = $"source <(visma-operator completion bash); COMP_WORDS=(visma-operator refresh -n {scene.Home.Name} acm); "
            + "COMP_CWORD=4; _visma_operator; printf '%s\\n' \"${COMPREPLY[@]}\"";

        var bash = await Verb.RunProgramAsync(scene, "bash", path, "-c", typed);
        var objects = await Verb.RunAsync(scene, kubeconfig, "complete", "--", "status", "");
        var named = await Verb.RunAsync(scene, kubeconfig, "complete", "--", "refresh", $"{scene.Home.Name}/");
        var forbidden = await Verb.RunAsync(scene, kubeconfig, "complete", "--", "refresh", "-n", "default", "");

        Assert.Equal([The.Connection], bash.Lines);
        Assert.Equal([The.Connection, $"oac/{The.Client}"], objects.Lines);
        Assert.Equal([$"{scene.Home.Name}/{The.Connection}"], named.Lines);
        Assert.Equal(0, forbidden.ExitCode);
        Assert.Empty(forbidden.Lines);
    }

    private static async Task CreateBrokenAsync(Scene scene)
    {
        var spec = The.ConnectionSpec();
        spec["tenantID"] = The.UnapprovedTenant;
        await scene.CreateConnectionAsync(spec, Broken);
        await scene.UntilAsync(scene.ConnectionPath(Broken), "Stalled", node => node.Condition("Stalled") is not null);
    }

    private static Task<string> ReaderAsync(Scene scene, params string[] verbs) => OnCall.KubeconfigAsync(scene, scene.Server, verbs);
}
