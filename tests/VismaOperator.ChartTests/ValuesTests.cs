using System.Globalization;
using System.Text.Json.Nodes;
using VismaOperator.Api.Validation;
using VismaOperator.ChartTests.Support;
using VismaOperator.Cli;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>The values, their schema, and the options of the operator say the same.</summary>
public sealed class ValuesTests
{
    // How to reach a cluster is no question in a cluster.
    private static readonly string[] onlyOutside = ["kubeconfig", "context"];

    // Helm hands these to a subchart.
    private static readonly string[] ofTheParent = ["global", "enabled"];

    [Fact]
    public void Every_option_of_run_is_a_value_of_the_same_word()
    {
        var values = Chart.Values().AsObject().Select(pair => pair.Key).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(Options().Except(onlyOutside).Select(CamelCase).Except(values));
    }

    [Fact]
    public async Task Every_option_reaches_the_operator()
    {
        var settings = File.ReadAllLines(RepositoryFolder.PathOf("tests/VismaOperator.ChartTests/values/every-option.yaml"));
        var rendered = await Chart.RenderAsync(
            "visma-system",
            "--values",
            RepositoryFolder.PathOf("tests/VismaOperator.ChartTests/values/every-option.yaml")
        );
        var arguments = rendered.Single(resource => resource.Kind() == "Deployment")["spec"]!["template"]!["spec"]!["containers"]![0]![
            "args"
        ]!
            .AsArray()
            .Select(node => node!.GetValue<string>())
            .ToList();

        Assert.NotEmpty(settings);
        Assert.Equal(
            Options().Except(onlyOutside).Order(),
            arguments.Skip(1).Select(argument => argument.TrimStart('-').Split('=')[0]).Order()
        );
        var parsed = CommandTree
            .Create(new CommandContext(_ => null, TextWriter.Null, TextWriter.Null, TimeProvider.System), Nothing)
            .Parse(arguments);
        Assert.Empty(parsed.Errors);
    }

    [Fact]
    public void The_comments_name_the_defaults_of_the_operator()
    {
        var text = File.ReadAllText(Chart.PathOf("values.yaml"));

        Assert.All(new AllowLists().AllowedApiHosts, host => Assert.Contains(host, text, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_value_has_a_place_in_the_schema_and_the_other_way_round() =>
        Assert.Equal(
            Paths(Chart.Schema(), schema => schema["properties"] as JsonObject).Except(ofTheParent).Except(optional).Order(),
            Paths(Chart.Values().AsObject(), values => values).Order());

    [Fact]
    public void No_object_of_the_schema_takes_unknown_keys() => AssertClosed(Chart.Schema(), "values");

    // All at once: Helm tells of each of them.
    [Fact]
    public async Task A_misspelt_value_is_refused()
    {
        string[] settings =
        [
            "replicas=3",
            "image.name=x",
            "crds.install=true",
            "networkPolicy.egress=x",
            "metrics.serviceMonitor.enable=true",
            "prometheusRule.alerts.VismaNoLeader.duration=1h",
            "consent.ingress.host=x",
            "consent.httpRoute.parentRefs[0].name=x,consent.httpRoute.parentRefs[0].gateway=x",
        ];

        var (exitCode, output) = await Tool.Helm.TryAsync(
            "template",
            Chart.Release,
            Chart.Folder,
            "--set",
            string.Join(',', settings)
        );

        Assert.NotEqual(0, exitCode);
        Assert.All(
            settings.Select(setting => setting.Split('=')[^2].Split('.')[^1]),
            name => Assert.Contains($"additional properties '{name}' not allowed", output, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("visma.example.com")]
    [InlineData("https://visma.example.com/path")]
    [InlineData("https://visma.example.com/?a=b")]
    [InlineData("https://user@visma.example.com")]
    [InlineData("https://visma..example.com")]
    [InlineData("https://visma-.example.com")]
    public async Task A_public_URL_is_a_scheme_a_host_and_perhaps_a_port(string url)
    {
        var (exitCode, output) = await Tool.Helm.TryAsync("template", Chart.Release, Chart.Folder, "--set-string", $"publicURL={url}");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("publicURL", output, StringComparison.Ordinal);
    }

    // All of a map at once: Helm tells of each of them.
    [Theory]
    [InlineData("commonLabels")]
    [InlineData("podLabels")]
    [InlineData("metrics.serviceMonitor.labels")]
    [InlineData("prometheusRule.labels")]
    [InlineData("grafanaDashboard.labels")]
    public async Task Labels_that_the_chart_sets_itself_are_refused(string map)
    {
        var own = (await Chart.RenderAsync("visma-system", "--set", "crds.enabled=false"))
            .SelectMany(resource => resource["metadata"]!["labels"]!.AsObject().Select(label => label.Key))
            .Where(key => !key.StartsWith("rbac.authorization.k8s.io/", StringComparison.Ordinal))
            .Distinct()
            .ToList();
        Assert.Contains("app.kubernetes.io/name", own);

        var (exitCode, output) = await Tool.Helm.TryAsync(
            "template",
            Chart.Release,
            Chart.Folder,
            "--set-string",
            string.Join(',', own.Select(key => $"{map}.{key.Replace(".", "\\.", StringComparison.Ordinal)}=mine"))
        );

        Assert.NotEqual(0, exitCode);
        Assert.All(own, key => Assert.Contains($"invalid propertyName '{key}'", output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_label_of_the_pods_counts_before_the_common_one()
    {
        var rendered = await Chart.RenderAsync(
            "visma-system",
            "--set",
            "commonLabels.team=platform,podLabels.team=erp,podAnnotations.kubectl\\.kubernetes\\.io/default-container=mesh"
        );

        var pods = rendered.Single(resource => resource.Kind() == "Deployment")["spec"]!["template"]!["metadata"]!;
        Assert.Equal("erp", pods["labels"]!["team"]!.GetValue<string>());
        Assert.Equal("mesh", pods["annotations"]!["kubectl.kubernetes.io/default-container"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("1.25.16", null)]
    [InlineData("1.26.0", "AlwaysAllow")]
    public async Task A_field_of_the_budget_is_left_out_where_the_cluster_does_not_know_it(string version, string? policy)
    {
        var rendered = await Chart.RenderAsync("visma-system", "--set", "crds.enabled=false", "--kube-version", version);

        Assert.Equal(
            policy,
            rendered.Single(resource => resource.Kind() == "PodDisruptionBudget")["spec"]!["unhealthyPodEvictionPolicy"]?.GetValue<string>()
        );
    }

    [Theory]
    [InlineData("1.19.16", false)]
    [InlineData("1.20.2", true)]
    [InlineData("1.31.2-managed.3", true)]
    public async Task Only_a_cluster_that_is_too_old_is_refused(string version, bool isTaken) =>
        Assert.Equal(isTaken, (await Tool.Helm.TryAsync("template", Chart.Release, Chart.Folder, "--kube-version", version)).ExitCode == 0);

    [Theory]
    [InlineData("leaderElect=false", "every replica would ask for tokens")]
    [InlineData("serviceAccount.create=false", "serviceAccount.name is needed")]
    [InlineData("metrics.serviceMonitor.enabled=true,metrics.service.enabled=false", "needs metrics.service.enabled")]
    [InlineData("prometheusRule.enabled=true", "prometheusRule.enabled needs metrics.serviceMonitor.enabled")]
    [InlineData("consent.ingress.enabled=true", "needs publicURL")]
    [InlineData("consent.httpRoute.enabled=true", "needs publicURL")]
    [InlineData("publicURL=https://a.example,consent.httpRoute.enabled=true", "a route belongs to a Gateway")]
    [InlineData("publicURL=https://127.0.0.1,consent.ingress.enabled=true", "not from addresses such as 127.0.0.1")]
    [InlineData("publicURL=https://127.0.0.1,consent.httpRoute.enabled=true", "not from addresses such as 127.0.0.1")]
    [InlineData("allowedIssuers={https://a.example,http://b.example}", "allowedIssuers names http://b.example")]
    [InlineData("publicURL=http://visma.example.com", "set insecureIssuers=true for development")]
    [InlineData("publicURL=https://a.example,consentPort=8080", "whoever reaches the consent pages would reach metrics")]
    public async Task Values_that_do_not_go_together_are_refused_with_the_reason(string settings, string reason)
    {
        var (exitCode, output) = await Tool.Helm.TryAsync("template", Chart.Release, Chart.Folder, "--set", settings);

        Assert.NotEqual(0, exitCode);
        Assert.Contains(reason, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("insecureIssuers=true,allowedIssuers={http://b.example},publicURL=http://visma.example.com")]
    [InlineData("publicURL=http://localhost:8081")]
    [InlineData("publicURL=http://127.0.0.1:8081")]
    public async Task The_chart_accepts_the_unencrypted_URLs_that_the_operator_accepts(string settings) =>
        Assert.NotEmpty(await Chart.RenderAsync("visma-system", "--set", settings));

    [Fact]
    public void The_chart_has_the_version_of_the_operator()
    {
        var chart = File.ReadAllText(Chart.PathOf("Chart.yaml"));
        var properties = File.ReadAllText(RepositoryFolder.PathOf("Directory.Build.props"));
        var version = properties.Split("<VersionPrefix>")[1].Split("</VersionPrefix>")[0];

        Assert.Contains($"\nversion: {version}\n", chart, StringComparison.Ordinal);
        Assert.Contains($"\nappVersion: {version}\n", chart, StringComparison.Ordinal);
    }

    // Kubernetes' own fields inside of lists, and maps that are empty by default.
    private static readonly string[] optional = ["affinity.nodeAffinity", "affinity.podAffinity", "affinity.podAntiAffinity"];

    private static Verbs Nothing { get; } = new(
        (_, _) => Task.FromResult(0),
        (_, _) => Task.FromResult(0),
        (_, _) => Task.FromResult(0),
        (_, _) => Task.FromResult(0),
        (_, _) => Task.FromResult(0),
        (_, _) => Task.FromResult(0),
        (_, _) => Task.FromResult(0),
        (_, _) => Task.FromResult(0),
        (_, _) => Task.FromResult(0),
        (_, _) => Task.FromResult(0)
    );

    private static List<string> Options()
    {
        var tree = CommandTree.Create(new CommandContext(_ => null, TextWriter.Null, TextWriter.Null, TimeProvider.System), Nothing);
        return
        [
            .. tree
                .Subcommands.Single(command => command.Name == "run")
                .Options.Select(option => option.Name.TrimStart('-'))
                .Where(name => name is not ("help" or "version")),
        ];
    }

    private static string CamelCase(string word) =>
        string.Concat(
            word.Split('-')
                .Select(
                    (part, index) =>
                        index == 0 ? part
                        : part == "url" ? "URL"
                        : char.ToUpper(part[0], CultureInfo.InvariantCulture) + part[1..]
                )
        );

    // Down to where values become free: lists, and maps of strings.
    private static IEnumerable<string> Paths(JsonObject node, Func<JsonObject, JsonObject?> children, string prefix = "")
    {
        foreach (var (key, value) in children(node) ?? [])
        {
            var path = prefix + key;
            var inner =
                value is JsonObject child && !free.Contains(path) && children(child) is { Count: > 0 }
                    ? Paths(value.AsObject(), children, path + ".")
                    : [path];
            foreach (var found in inner)
            {
                yield return found;
            }
        }
    }

    private static readonly string[] free =
    [
        "nodeSelector",
        "resources",
        "affinity",
        "commonLabels",
        "podSecurityContext",
        "securityContext",
        "grafanaDashboard.labels",
    ];

    private static void AssertClosed(JsonObject schema, string path)
    {
        if (
            schema["type"] is JsonValue type
            && type.GetValueKind() == System.Text.Json.JsonValueKind.String
            && type.GetValue<string>() == "object"
            && !schema.ContainsKey("$comment")
        )
        {
            Assert.True(
                schema["additionalProperties"] is JsonObject || schema["additionalProperties"]?.GetValue<bool>() == false,
                $"{path} takes unknown keys."
            );
        }

        foreach (var (name, child) in schema["properties"] as JsonObject ?? [])
        {
            AssertClosed(child!.AsObject(), $"{path}.{name}");
        }

        if (schema["items"] is JsonObject items)
        {
            AssertClosed(items, path + "[]");
        }
    }
}
