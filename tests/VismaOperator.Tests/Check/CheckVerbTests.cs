using System.Text;
using VismaOperator.Tests.Cli;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Check;

/// <summary><c>check</c> from its command line to its exit code, as a pipeline has it.</summary>
public sealed class CheckVerbTests : IDisposable
{
    private const string Client = """
        apiVersion: visma-operator.io/v1
        kind: OAuthClient
        metadata: {name: acme, namespace: integrations}
        spec:
          clientID: isv_acme
          clientSecrets:
          - secretKeyRef: {name: credentials, key: clientSecret}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: credentials, namespace: integrations}
        stringData: {clientSecret: s}

        """;

    private readonly TemporaryFolder folder = new();
    private readonly CommandLine line = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Manifests_on_standard_input_are_checked()
    {
        line.Input = Encoding.UTF8.GetBytes(Client);

        Assert.Equal(0, await line.InvokeAsync("check", "-f", "-"));
        Assert.Equal(["1 object checked: 0 errors, 0 warnings"], Lines(line.Output));
        Assert.Empty(line.Error);
    }

    [Fact]
    public async Task An_error_on_standard_input_is_reported_with_its_line()
    {
        line.Input = Encoding.UTF8.GetBytes(Client.Replace("clientID", "clientId", StringComparison.Ordinal));

        Assert.Equal(1, await line.InvokeAsync("check", "-f", "-"));
        Assert.StartsWith("-:5:3: error: OAuthClient integrations/acme: spec.clientId: ", Findings()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_files_show_is_told_also_where_the_cluster_cannot_be_reached()
    {
        folder.Write("client.yaml", Client.Replace("clientID", "clientId", StringComparison.Ordinal));
        var (port, kubeconfig) = (1, folder["kubeconfig"]);
        folder.Write(
            "kubeconfig",
            $$$"""
            {"apiVersion": "v1", "kind": "Config", "current-context": "c",
             "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:{{{port}}}"}}],
             "users": [{"name": "c", "user": {}}], "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}]}
            """
        );

        Assert.Equal(2, await line.InvokeAsync("check", "-f", folder["client.yaml"], "--cluster", "--kubeconfig", kubeconfig));

        Assert.Contains("spec.clientId: ", line.Output, StringComparison.Ordinal);
        Assert.Contains("\n1 object checked: ", line.Output, StringComparison.Ordinal);
        Assert.StartsWith(
            "visma-operator check: --cluster: The cluster http://127.0.0.1:1/ cannot be reached (Connection refused",
            line.Error,
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            "Check kubeconfig and context.\nThe findings are those of the files alone.\n",
            line.Error,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("", "there is no OAuthClient and no VismaConnection in standard input: ")]
    [InlineData("just a text\n", "")]
    public async Task Standard_input_without_manifests_leaves_no_pipeline_green(string input, string expected)
    {
        line.Input = Encoding.UTF8.GetBytes(input);

        Assert.Equal(expected.Length > 0 ? 2 : 1, await line.InvokeAsync("check", "-f", "-"));
        Assert.Contains(expected, line.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing yet\n---\n")]
    [InlineData("apiVersion: v1\nkind: List\nitems: []\n")]
    public async Task A_named_file_without_objects_is_reported_beside_others(string empty)
    {
        folder.Write("client.yaml", Client);
        folder.Write("empty.yaml", empty);

        Assert.Equal(0, await line.InvokeAsync("check", "-f", folder["client.yaml"], "-f", folder["empty.yaml"]));
        Assert.Equal(
            [
                $"{folder["empty.yaml"]}:1:1: info: there is no object of Kubernetes in it [NoManifest]",
                "1 object checked: 0 errors, 0 warnings",
            ],
            Lines(line.Output)
        );
        Assert.Equal(2, await new CommandLine().InvokeAsync("check", "-f", folder["empty.yaml"]));
    }

    [Theory]
    [InlineData("broken.yaml")]
    [InlineData("*.yaml")]
    [InlineData("below/**")]
    [InlineData("nothing,below")]
    public async Task Ignored_files_cause_neither_a_line_nor_an_exit_code(string pattern)
    {
        Directory.CreateDirectory(folder["below"]);
        folder.Write("client.yml", Client);
        folder.Write("below/broken.yaml", "apiVersion: [\n");

        Assert.Equal(1, await line.InvokeAsync("check", "-f", folder.Path));
        Assert.StartsWith($"{folder["below", "broken.yaml"]}:", Assert.Single(Findings()), StringComparison.Ordinal);

        var ignoring = new CommandLine();
        Assert.Equal(0, await ignoring.InvokeAsync("check", "-f", folder.Path, "--ignore", pattern));
        Assert.Equal(["1 object checked: 0 errors, 0 warnings"], Lines(ignoring.Output));
    }

    [Fact]
    public async Task Ignoring_everything_leaves_nothing_to_check()
    {
        folder.Write("client.yaml", Client);

        Assert.Equal(2, await line.InvokeAsync("check", "-f", folder.Path, "--ignore", "*.yaml"));
    }

    [Fact]
    public async Task Every_file_of_a_repository_that_is_no_manifest_is_passed_over_with_one_line()
    {
        const string NoManifest = "info: this is no manifest (it has no apiVersion and no kind): passed over [NoManifest]";
        folder.Write("client.yaml", Client);
        folder.Write("values.yaml", "image:\n  kind: x\n  tag: 1\n");
        folder.Write("package.json", "{\"name\": \"x\", \"version\": 1}");
        folder.Write("list.json", "[1, 2]");
        folder.Write("settings.json", "{\n  // a comment\n  \"a\": 1\n}\n");
        folder.Write("template.yaml", "{{- if .Values.enabled }}\napiVersion: v1\nkind: Secret\n{{- end }}\n");
        folder.Write("action_test.yaml", """
            discoveryTests:
            - inputPath: testdata/connection.yaml
              result: [{name: refresh, disabled: false}]
            actionTests:
            - action: refresh
              inputPath: testdata/connection.yaml
              expectedOutputPath: testdata/refreshed.yaml
            """);
        File.Copy(Repository.Path("examples", "argo-cd", "customizations", "actions.yaml"), folder["actions.yaml"]);
        Directory.CreateDirectory(folder["chart", "templates"]);
        folder.Write("chart/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n");
        folder.Write("chart/templates/x.yaml", "{{ broken");
        Directory.CreateDirectory(folder["built"]);
        folder.Write("built/kustomization.yaml", "resources: [patch.yaml]\n");
        folder.Write("built/patch.yaml", "kind: VismaConnection\n");

        Assert.Equal(0, await line.InvokeAsync("check", "-f", folder.Path));

        Assert.Equal(
            [
                "action_test.yaml",
                "actions.yaml",
                "built/kustomization.yaml",
                "chart/Chart.yaml",
                "list.json",
                "package.json",
                "settings.json",
                "template.yaml",
                "values.yaml",
            ],
            Findings().Select(finding => Path.GetRelativePath(folder.Path, finding.Split(':')[0]))
        );
        string[] plain = ["action_test.yaml", "actions.yaml", "list.json", "package.json", "values.yaml"];
        Assert.All(plain, name => Assert.EndsWith(NoManifest, About(name), StringComparison.Ordinal));
        Assert.Contains("kubectl kustomize", About("built/kustomization.yaml"), StringComparison.Ordinal);
        Assert.Contains("helm template", About("chart/Chart.yaml"), StringComparison.Ordinal);
        Assert.EndsWith("[NotRead]", About("settings.json"), StringComparison.Ordinal);
        Assert.Contains("this is a template", About("template.yaml"), StringComparison.Ordinal);
        Assert.Equal("1 object checked: 0 errors, 4 warnings", Lines(line.Output)[^1]);
        Assert.Empty(line.Error);
    }

    [Theory]
    [InlineData("", "a.yaml", 2, "warning: passed over")]
    [InlineData("", "a.json", 2, "warning: passed over")]
    [InlineData("kind: X\nx: ", "a.yaml", 1, "error: ")]
    public async Task A_hundred_thousand_brackets_are_reported_in_one_line(string before, string name, int code, string expected)
    {
        folder.Write(name, before + new string('[', 100_000));

        Assert.Equal(code, await line.InvokeAsync("check", "-f", folder.Path));
        Assert.Contains(expected, Assert.Single(Findings()), StringComparison.Ordinal);
        Assert.InRange(line.Output.Length, 1, 1000);

        var named = new CommandLine { Input = Encoding.UTF8.GetBytes(before + new string('[', 100_000)) };
        Assert.Equal(1, await named.InvokeAsync("check", "-f", "-"));
        Assert.StartsWith("-:", named.Output, StringComparison.Ordinal);
        Assert.InRange(named.Output.Length, 1, 1000);
    }

    private string About(string name) =>
        Assert.Single(Findings(), finding => finding.StartsWith(folder[name] + ":", StringComparison.Ordinal));

    // The last line sums up.
    private string[] Findings() => Lines(line.Output)[..^1];

    private static string[] Lines(string text) => text.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
}
