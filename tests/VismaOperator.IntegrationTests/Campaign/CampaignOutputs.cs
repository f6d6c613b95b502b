using System.Net;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>
/// What people and their tools read, filled while all faults are there. The campaign searches exactly the outputs of
/// <see cref="ReadAsync"/>. Each name says what it is; a verb is searched with all that it prints, on both streams. Log, metrics, traces,
/// events, status and metadata of Secrets are those of all four operators. Left out are only places where a secret has to stand: the
/// address that <c>connect</c> prints (state), the link of an interactive connection in its status and on its first page, and the data of
/// Secrets.
/// </summary>
/// <param name="stage">The operator with its causes.</param>
/// <param name="pair">Two more operators.</param>
/// <param name="consents">The operator of a person's connections.</param>
/// <param name="collector">What was sent by OTLP.</param>
internal sealed class CampaignOutputs(FaultStage stage, OperatorPair pair, CampaignConsents consents, OtlpCollector collector)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private IEnumerable<Scene> Scenes => [stage.Scene, pair.First, pair.Second, consents.Scene];

    /// <summary>Each output by name, and what it says.</summary>
    /// <param name="doctor">What <c>doctor -o json</c> said of each connection.</param>
    /// <param name="meanwhile">What still happens to the other two operators.</param>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> ReadAsync(IEnumerable<JsonNode> doctor, Task meanwhile)
    {
        var (admin, home) = (stage.Scene.Server.KubeconfigPath, stage.Scene.Home.Name);
        var broken = stage.Cases.Single(one => one.Setup.Name == "wrong-secret");
        var manifests = await WriteManifestsAsync(broken);
        var outputs = new Dictionary<string, IReadOnlyList<string>>
        {
            ["status"] = await SayAsync("status", "-n", home, "-o", "wide"),
            ["status -o json"] = await SayAsync("status", "-n", home, "-o", "json"),
            ["status -o yaml"] = await SayAsync("status", "-n", home, "-o", "yaml"),
            ["status --watch"] = await WatchAsync(broken),
            ["status of one"] = await SayAsync("status", $"{home}/{broken.Setup.Name}"),
            ["doctor -o json"] = [.. doctor.Select(report => report.ToJsonString())],
            ["doctor"] = await SayAsync(["doctor", $"{home}/{broken.Setup.Name}", "--request", .. stage.AllowLists]),
            ["doctor -f"] = await SayAsync(["doctor", "-f", manifests, "--request", .. stage.AllowLists]),
            ["doctor -f -o json"] = await SayAsync(["doctor", "-f", manifests, "-o", "json", .. stage.AllowLists]),
            ["probe --wait"] = await SayAsOnCallAsync("probe", "-n", home, "healthy", "probe-401", "--wait", "--timeout", "20s"),
            ["refresh --wait"] = await SayAsOnCallAsync("refresh", "-n", home, "healthy", broken.Setup.Name, "--wait"),
            ["check"] = await SayAsync("check", "-f", manifests),
            ["local"] = await SayAsync(
                [
                    "local", "-f", manifests, "--out", Folder("out"), "--state", Folder("state"), "--once", "--timeout", "5s",
                    "--log-level", "trace", .. stage.AllowLists,
                ]
            ),
            ["status --state"] = await SayOfStateAsync("status", "--state", Folder("state"), "-o", "yaml"),
            ["doctor --state"] = await SayOfStateAsync(["doctor", "--state", Folder("state"), .. stage.AllowLists]),
            ["completion"] = await SayAsync("completion", "bash"),
            ["complete"] = await SayAsync("complete", "--", "status", "-n", home, ""),
            ["dashboard"] = await DashboardAsync(stage.Scene.Server.KubeconfigPath, "-n", stage.Scene.Home.Name),
            ["dashboard --state"] = await DashboardAsync(kubeconfig: null, "--state", Folder("state")),
            ["connect"] = consents.Terminal,
            ["page of connect"] = [consents.LastPage],
            ["consent pages"] = consents.Pages,
            ["status of a person's connections"] = await SayAsync("status", "-n", consents.Scene.Home.Name, "-o", "wide"),
            ["doctor of a person's connection"] = await SayAsync(
                "doctor",
                $"{consents.Scene.Home.Name}/{The.Connection}",
                "--allowed-issuers",
                consents.Scene.Provider.Issuer.OriginalString,
                "--insecure-issuers"
            ),
        };
        await meanwhile;
        outputs["log at level trace"] = [.. Scenes.SelectMany(scene => scene.Processes).SelectMany(process => process.Lines)];
        outputs["metrics"] = [.. await Task.WhenAll(Scenes.Select(PageAsync))];
        outputs["metrics by OTLP"] = Sent("/v1/metrics");
        outputs["traces by OTLP"] = Sent("/v1/traces");
        outputs["events"] = await EventsAsync();
        outputs["conditions and status"] = [.. Sightings().Where(seen => seen.Kind != "Secret").Select(Text)];
        outputs["metadata of Secrets"] = [.. Sightings().Where(seen => seen.Kind == "Secret").Select(MetadataText)];
        return outputs;

        async Task<IReadOnlyList<string>> SayAsync(params string[] arguments) =>
            (await Verb.RunAsync(stage.Scene, admin, arguments)).Lines;

        async Task<IReadOnlyList<string>> SayAsOnCallAsync(params string[] arguments) =>
            (await Verb.RunAsync(stage.Scene, stage.Person.Kubeconfig, arguments)).Lines;

        async Task<IReadOnlyList<string>> SayOfStateAsync(params string[] arguments)
        {
            var said = await Verb.RunAsync(stage.Scene, kubeconfig: null, arguments);
            Assert.True(said.ExitCode is 0 or 1, said.Text);
            return said.Lines;
        }
    }

    /// <summary>Everything that must be in none of them.</summary>
    public IEnumerable<string> Secrets() =>
    [
        .. stage.Cases.SelectMany(one => one.Secrets),
        FaultSetups.ForeignPassword,
        .. consents.Secrets,
        .. Scenes.SelectMany(scene => scene.Provider.Ledger.AllSecretsIssued()),
        .. ClusterSecrets.OfGrantsIn(Sightings()),
    ];

    private List<Sighting> Sightings() => [.. Scenes.SelectMany(scene => scene.History.Sightings)];

    private List<string> Sent(string path) => [.. collector.Received.Where(sent => sent.Path == path).Select(sent => sent.Text)];

    private string Folder(string name) => stage.Scene.FileNamed(name);

    private static async Task<string> PageAsync(Scene scene) =>
        scene.Operator.Process.HasExited ? string.Empty : (await MetricsPage.ReadAsync(scene.Operator, Ct)).Text;

    private async Task<IReadOnlyList<string>> EventsAsync()
    {
        var texts = new List<string>();
        foreach (var ns in stage.Namespaces.Append(pair.First.Home).Append(consents.Scene.Home))
        {
            var events = await stage.Scene.Admin.GetAsync(ns.Core("events"), Ct);
            texts.AddRange(events["items"]!.AsArray().Select(one => one!.ToJsonString()));
        }

        return texts;
    }

    private static string Text(Sighting seen) => ClusterSecrets.WithoutLink(seen.Resource).ToJsonString();

    private static string MetadataText(Sighting seen) => seen.Resource["metadata"]!.ToJsonString();

    // The client of the cause, beside one connection that is well.
    private async Task<string> WriteManifestsAsync(FaultCase broken)
    {
        var healthy = stage.Cases.Single(one => one.Setup.Number == 0);
        var folder = Directory.CreateDirectory(Folder("manifests")).FullName;
        foreach (var one in new[] { broken, healthy })
        {
            var secret = new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Secret",
                ["metadata"] = new JsonObject { ["name"] = $"{one.Setup.Name}-credentials" },
                ["stringData"] = new JsonObject { ["clientSecret"] = one.Setup.Secret },
            };
            var client = The.ClientSpec(one.Issuer);
            client["clientSecrets"]![0]!["secretKeyRef"]!["name"] = $"{one.Setup.Name}-credentials";
            var connection = The.ConnectionSpec();
            connection["oauthClientRef"] = new JsonObject { ["name"] = one.Setup.Name };
            JsonObject[] documents =
            [
                secret,
                The.OAuthClient(one.Setup.Name, client),
                The.VismaConnection(one.Setup.Name, connection),
            ];
            var number = 0;
            foreach (var document in documents)
            {
                document["metadata"]!["namespace"] = one.Home.Name;
                await File.WriteAllTextAsync(Path.Combine(folder, $"{one.Setup.Name}-{number++}.json"), document.ToJsonString(), Ct);
            }
        }

        return folder;
    }

    private async Task<IReadOnlyList<string>> WatchAsync(FaultCase broken)
    {
        await using var watch = Verb.Start(stage.Scene, stage.Person.Kubeconfig, "status", "--watch", "-n", stage.Scene.Home.Name);
        await watch.WaitForLineAsync($"vc/{broken.Setup.Name}", Ct);
        await watch.TerminateAsync(Ct);
        return watch.Lines;
    }

    // What a browser gets: the page with its files, the first view with the cause in it, and what the page shows of one object.
    private async Task<IReadOnlyList<string>> DashboardAsync(string? kubeconfig, params string[] where)
    {
        await using var dashboard = Verb.Start(stage.Scene, kubeconfig, ["dashboard", "--no-open", .. where]);
        var address = new Uri((await dashboard.WaitForLineAsync("?token=", Ct)).Trim());
        using var browser = new HttpClient(new SocketsHttpHandler { UseProxy = false, CookieContainer = new CookieContainer() });
        var entered = await browser.GetAsync(address, Ct);
        var page = await entered.Content.ReadAsStringAsync(Ct);
        var folder = entered.RequestMessage!.RequestUri!;
        string[] files =
        [
            "dashboard.css",
            "dashboard.js",
            "timeline.js",
            "icon.svg",
            $"object?kind=VismaConnection&namespace={stage.Scene.Home.Name}&name=wrong-secret",
        ];
        var assets = await Task.WhenAll(files.Select(file => browser.GetStringAsync(new Uri(folder, file), Ct)));
        await using var stream = await browser.GetStreamAsync(new Uri(folder, "events"), Ct);
        using var reader = new StreamReader(stream);
        var view = string.Empty;
        while (!view.Contains("wrong-secret", StringComparison.Ordinal) && await reader.ReadLineAsync(Ct) is { } line)
        {
            view += line + "\n";
        }

        return [page, .. assets, view, .. dashboard.Lines];
    }
}
