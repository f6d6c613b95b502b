using System.Globalization;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>
/// One operator in its namespaces, and a provider, a client and a connection for each cause, all at once: none disturbs another.
/// </summary>
internal sealed class FaultStage : IAsyncDisposable
{
    private const string Roles = "rbac.authorization.k8s.io/v1";

    private readonly DenyingWebhook webhook;

    private FaultStage(Scene scene, IReadOnlyList<FaultCase> cases, DenyingWebhook webhook, CampaignPerson person)
    {
        this.webhook = webhook;
        (Scene, Cases, Person) = (scene, cases, person);
    }

    public Scene Scene { get; }

    public IReadOnlyList<FaultCase> Cases { get; }

    public CampaignPerson Person { get; }

    /// <summary>The namespaces of all connections and clients.</summary>
    public IEnumerable<TestNamespace> Namespaces => Cases.SelectMany(one => new[] { one.Home, one.ClientHome }).Distinct();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Everything but the causes; the operator is ready.</summary>
    public static async Task<FaultStage> OpenAsync(ApiServer server, IReadOnlyDictionary<string, string?> environment)
    {
        var run = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var places = new Dictionary<FaultPlace, TestNamespace>();
        foreach (var place in Enum.GetValues<FaultPlace>().Where(place => place != FaultPlace.Home))
        {
            var labels = place == FaultPlace.Guarded ? DenyingWebhook.LabelsOf(run) : null;
            places[place] = await TestNamespace.CreateAsync(server.Admin, Ct, labels);
        }

        var providers = await Task.WhenAll(FaultSetups.All.Select(StartProviderAsync));
        var scene = await Scene.SetAsync(
            server,
            new SceneOptions
            {
                Reach = Reach.Listed,
                MoreNamespaces = [.. places.Values.Select(ns => ns.Name)],
                Environment = environment,
                Arguments =
                [
                    "--allowed-issuers",
                    string.Join(',', FaultSetups.All.Zip(providers, (setup, provider) => setup.Issuer ?? provider!.Issuer.OriginalString)),
                    "--allowed-api-hosts",
                    string.Join(',', providers.OfType<VismaConnectStandIn>().Select(provider => provider.Url.Authority)),
                ],
            }
        );
        places[FaultPlace.Home] = scene.Home;
        await ForbidWritesAsync(scene, places[FaultPlace.Forbidden]);
        var denying = await DenyingWebhook.StartAsync(server.Admin, run);
        await scene.StartOperatorAsync();
        await OperatorPod.CreateAsync(scene, places.Values.Select(ns => ns.Name));
        var person = await CampaignPerson.HireAsync(scene, places.Values);
        FaultCase[] cases =
        [
            .. FaultSetups.All.Zip(
                providers,
                (setup, provider) => new FaultCase(setup, provider, scene, places[setup.Place], places[setup.ClientPlace])
            ),
        ];
        foreach (var one in cases)
        {
            one.Others = cases;
        }

        return new FaultStage(scene, cases, denying, person);
    }

    /// <summary>Options of verbs that reach the same as the operator.</summary>
    public string[] AllowLists =>
        [
            "--allowed-issuers",
            string.Join(',', Cases.Select(one => one.Issuer)),
            "--allowed-api-hosts",
            string.Join(',', Cases.Select(one => one.Authority)),
            "--insecure-issuers",
        ];

    /// <summary>Makes every cause.</summary>
    public Task ArrangeAsync() => Task.WhenAll(Cases.Select(one => one.ArrangeAsync()));

    public async ValueTask DisposeAsync()
    {
        await webhook.DisposeAsync();
        await Person.DisposeAsync();
        await Scene.DisposeAsync();
        foreach (var ns in Namespaces.Where(ns => ns != Scene.Home))
        {
            await ns.DisposeAsync();
        }

        foreach (var provider in Cases.Select(one => one.Provider).OfType<VismaConnectStandIn>())
        {
            await provider.DisposeAsync();
        }
    }

    private static async Task<VismaConnectStandIn?> StartProviderAsync(FaultSetup setup) =>
        setup.Provider is { } options ? await VismaConnectStandIn.StartAsync(options, Ct) : null;

    private static async Task ForbidWritesAsync(Scene scene, TestNamespace ns)
    {
        var path = ns.Of(Roles, "roles/operator");
        var role = await scene.Admin.GetAsync(path, Ct);
        foreach (var rule in role["rules"]!.AsArray().Where(rule => rule!["resources"]!.AsArray().Any(kind => (string?)kind == "secrets")))
        {
            rule!["verbs"] = new JsonArray("get", "list", "watch");
        }

        await scene.Admin.ReplaceAsync(path, role, Ct);
    }
}
