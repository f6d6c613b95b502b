using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.ChartTests.Support;

/// <summary>
/// One release of the chart without a kubelet: its ServiceAccount and roles on the real API server, and the operator as a process
/// with the arguments of the Deployment and a token of that account. A proxy keeps the ledger of what it asks.
/// </summary>
internal sealed class ChartScene : IAsyncDisposable
{
    private static readonly string[] kinds = ["ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"];

    private readonly ApiServer server;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("visma-operator-chart-");
    private readonly List<string> clusterWide = [];
    private IReadOnlyList<JsonNode> rendered = [];
    private OperatorProcess? subject;

    private ChartScene(ApiServer server) => this.server = server;

    public ApiClient Admin => server.Admin;

    /// <summary>Where the release is.</summary>
    public TestNamespace Home { get; private set; } = null!;

    /// <summary>Served: the client lives here.</summary>
    public TestNamespace Clients { get; private set; } = null!;

    /// <summary>Served: the connection lives here. It bears the label that the client asks for.</summary>
    public TestNamespace Customer { get; private set; } = null!;

    /// <summary>Not served where namespaces are listed.</summary>
    public TestNamespace Stranger { get; private set; } = null!;

    public ApiProxy Proxy { get; private set; } = null!;

    public VismaConnectStandIn Provider { get; private set; } = null!;

    /// <summary>An issuer that may be contacted, at an address where nobody listens.</summary>
    public Uri AwayIssuer { get; } = new($"http://127.0.0.1:{FreePort.Take()}");

    /// <summary>Where the consent pages are served.</summary>
    public Uri Pages { get; } = new($"http://localhost:{FreePort.Take()}");

    public string KubeconfigPath => Path.Combine(folder.FullName, "kubeconfig");

    /// <summary>What the operator's account may do by the chart's roles.</summary>
    public IReadOnlyList<Permission> Granted =>
    [
        .. from role in rendered
           where role.Kind() is "Role" or "ClusterRole"
           from rule in role["rules"]!.AsArray()
           from permission in Permission.Of(rule!, role.Namespace() ?? string.Empty)
           select permission,
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Installs the account and the roles, less a few permissions where asked for.</summary>
    /// <param name="server">Where.</param>
    /// <param name="mode">What is served.</param>
    /// <param name="withoutJobs">The permissions that are left out; null for none.</param>
    /// <param name="values">Further values, made of the scene; null for none.</param>
    public static async Task<ChartScene> InstallAsync(
        ApiServer server,
        Mode mode,
        IReadOnlyCollection<string>? withoutJobs = null,
        Func<ChartScene, string>? values = null
    )
    {
        var scene = new ChartScene(server)
        {
            Home = await TestNamespace.CreateAsync(server.Admin, Ct),
            Clients = await TestNamespace.CreateAsync(server.Admin, Ct),
            Customer = await TestNamespace.CreateAsync(server.Admin, Ct, new Dictionary<string, string> { ["erp"] = "yes" }),
            Stranger = await TestNamespace.CreateAsync(server.Admin, Ct),
            Proxy = await ApiProxy.StartAsync(server, Ct),
            Provider = await VismaConnectStandIn.StartAsync(Job.Provider, Ct),
        };
        scene.Proxy.Confine([scene.Home.Name, scene.Clients.Name, scene.Customer.Name, scene.Stranger.Name]);
        scene.rendered = await scene.RenderAsync(mode, values?.Invoke(scene));
        foreach (var resource in scene.rendered.Where(resource => kinds.Contains(resource.Kind())))
        {
            await scene.CreateAsync(Without(resource.DeepClone(), withoutJobs));
        }

        await scene.WriteKubeconfigAsync();
        return scene;
    }

    /// <summary>Starts the operator as the Deployment would, and does not wait for it.</summary>
    public void Start()
    {
        var container = rendered.Single(resource => resource.Kind() == "Deployment")["spec"]!["template"]!["spec"]!["containers"]![0]!;
        var arguments = container["args"]!
            .AsArray()
            .Select(argument => argument!.GetValue<string>())
            .Skip(1)
            .Where(argument => !argument.StartsWith("--http-port=", StringComparison.Ordinal));
        subject = OperatorProcess.Start(
            OperatorProcess.FindProgram("visma-operator"),
            "run",
            ["--kubeconfig", KubeconfigPath, .. arguments]
        );
    }

    /// <summary>Asks the operator to end, and waits.</summary>
    public Task StopAsync() => subject!.Process.TerminateAsync(Ct);

    /// <summary>What RBAC refused to the operator, cluster-wide and in the namespaces of its scene.</summary>
    public IReadOnlyList<Permission> Refused()
    {
        var own = new[] { string.Empty, Home.Name, Clients.Name, Customer.Name };
        return
        [
            .. Proxy
                .Ledger.Requests.Where(request => request.Status == 403)
                .Select(Permission.Of)
                .Where(permission => own.Contains(permission.Namespace)),
        ];
    }

    /// <summary>The last lines of the operator's log, for failure texts.</summary>
    public string Log() => string.Join('\n', subject?.Process.Lines.TakeLast(30) ?? []);

    public async ValueTask DisposeAsync()
    {
        if (subject is not null)
        {
            await subject.DisposeAsync();
        }

        foreach (var path in clusterWide)
        {
            await Admin.DeleteAsync(path, CancellationToken.None);
        }

        foreach (var home in new[] { Home, Clients, Customer, Stranger })
        {
            await home.DisposeAsync();
        }

        await Proxy.DisposeAsync();
        await Provider.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private Task<IReadOnlyList<JsonNode>> RenderAsync(Mode mode, string? values)
    {
        string[] namespaces = mode == Mode.Namespaces ? ["--set", $"namespaces={{{Clients.Name},{Customer.Name}}}"] : [];
        return Chart.RenderAsync(
            Home.Name,
            [
                "--set",
                $"crds.enabled=false,rbac.aggregate=false,insecureIssuers=true,"
                    + $"allowedIssuers={{{Provider.Issuer.OriginalString},{AwayIssuer.OriginalString}}},"
                    + $"publicURL={Pages.OriginalString},consentPort={Pages.Port}",
                .. namespaces,
                .. values is null ? Array.Empty<string>() : ["--set", values],
            ]
        );
    }

    private async Task CreateAsync(JsonNode resource)
    {
        var plural = resource.Kind().ToLowerInvariant() + "s";
        var group = resource.Kind() == "ServiceAccount" ? "/api/v1" : "/apis/rbac.authorization.k8s.io/v1";
        var collection = resource.Namespace() is { } ns ? $"{group}/namespaces/{ns}/{plural}" : $"{group}/{plural}";
        await Admin.CreateAsync(collection, resource, Ct);
        if (resource.Namespace() is null)
        {
            clusterWide.Add($"{collection}/{resource.Name()}");
        }
    }

    // A rule of several verbs and resources becomes one rule for each pair, so that a single one can be left out.
    private static JsonNode Without(JsonNode role, IReadOnlyCollection<string>? jobs)
    {
        if (jobs is not null && role["rules"] is JsonArray rules)
        {
            role["rules"] = new JsonArray([
                .. rules.SelectMany(rule => Pairs(rule!)).Where(rule => !jobs.Contains(Permission.Of(rule, string.Empty).Single().Job)),
            ]);
        }

        return role;
    }

    private static IEnumerable<JsonNode> Pairs(JsonNode rule)
    {
        foreach (var resource in rule["resources"]!.AsArray())
        {
            foreach (var verb in rule["verbs"]!.AsArray())
            {
                var pair = rule.DeepClone();
                pair["resources"] = new JsonArray(resource!.DeepClone());
                pair["verbs"] = new JsonArray(verb!.DeepClone());
                yield return pair;
            }
        }
    }

    private async Task WriteKubeconfigAsync()
    {
        var name = rendered.Single(resource => resource.Kind() == "ServiceAccount").Name();
        var account = await TestServiceAccount.OfAsync(Admin, Home.Name, name, Ct);
        account.WriteKubeconfigAsInPod(Proxy, KubeconfigPath);
    }
}

/// <summary>What a release serves.</summary>
public enum Mode
{
    /// <summary>All namespaces, by a ClusterRole.</summary>
    Cluster,

    /// <summary>The listed namespaces, by Roles.</summary>
    Namespaces,
}
