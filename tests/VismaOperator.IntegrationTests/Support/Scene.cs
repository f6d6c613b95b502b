using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// One test's world: a namespace on the real API server, the stand-in of Visma Connect, a proxy that sees and disturbs what
/// the operator asks of the API server, and the operator as a real process. At its end every scene is audited: no secret has
/// leaked anywhere, every status that was ever to be seen was one that tools can judge, and the chart's permissions were enough.
/// </summary>
internal sealed class Scene : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("visma-operator-scene-");
    private readonly SceneOptions options;
    private readonly SceneAudit audit;
    private readonly List<ApiProxy> moreProxies = [];
    private OperatorAccount account = null!;

    private Scene(ApiServer server, TestNamespace home, VismaConnectStandIn provider, ApiProxy proxy, SceneOptions options)
    {
        this.options = options;
        Server = server;
        Home = home;
        Provider = provider;
        Proxy = proxy;
        History = Chronicle.Start(Admin, Places);
        audit = new SceneAudit(Admin, provider.Ledger, History, Places);
    }

    public ApiServer Server { get; }

    public TestNamespace Home { get; }

    public VismaConnectStandIn Provider { get; }

    public ApiProxy Proxy { get; }

    /// <summary>Every version of every object of ours, as somebody outside sees them.</summary>
    public Chronicle History { get; }

    /// <summary>Every operator that was started.</summary>
    public IEnumerable<RealProcess> Processes => audit.Operators.Select(running => running.Process);

    /// <summary>The operator that was started last.</summary>
    public OperatorProcess Operator { get; private set; } = null!;

    public ApiClient Admin => Server.Admin;

    /// <summary>What the operator may do.</summary>
    public OperatorAccount Account => account;

    private IReadOnlyList<string> Places => [Home.Name, .. options.MoreNamespaces];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Everything up and the operator ready.</summary>
    public static Task<Scene> OpenAsync(ApiServerFixture fixture, SceneOptions? options = null) => OpenAsync(fixture.Server, options);

    /// <summary>Everything up and the operator ready.</summary>
    public static async Task<Scene> OpenAsync(ApiServer server, SceneOptions? options = null)
    {
        var scene = await SetAsync(server, options);
        await scene.StartOperatorAsync();
        return scene;
    }

    /// <summary>Everything up but the operator.</summary>
    public static async Task<Scene> SetAsync(ApiServer server, SceneOptions? options = null)
    {
        var used = options ?? new SceneOptions();
        var provider = used.Shared ?? await VismaConnectStandIn.StartAsync(used.Provider, Ct);
        var home = await TestNamespace.CreateAsync(server.Admin, Ct, used.Labels, used.Namespace);
        var scene = new Scene(server, home, provider, await ApiProxy.StartAsync(server, Ct), used);
        scene.account = await OperatorAccount.CreateAsync(server.Admin, home, used.Reach, used.Roles, scene.Places);
        scene.Open(scene.Proxy, scene.account);
        return scene;
    }

    /// <summary>A way to the API server of its own, so that an operator behind it can be cut off alone.</summary>
    /// <param name="user">Whom the API server sees; null for the account of the scene.</param>
    public async Task<ApiProxy> AddProxyAsync(OperatorAccount? user = null)
    {
        var added = await ApiProxy.StartAsync(Server, Ct);
        moreProxies.Add(added);
        Open(added, user ?? account);
        return added;
    }

    /// <summary>Starts an operator, beside others that run already, and waits until it is ready.</summary>
    public Task<OperatorProcess> StartOperatorAsync() => StartOperatorAsync(Proxy);

    /// <summary>Starts an operator that reaches the API server this way, and waits until it is ready.</summary>
    public async Task<OperatorProcess> StartOperatorAsync(ApiProxy way)
    {
        LaunchOperator(way);
        await Operator.WaitUntilReadyAsync(Ct);
        return Operator;
    }

    /// <summary>Starts an operator that reaches the API server this way, which it may not do yet.</summary>
    public OperatorProcess LaunchOperator(ApiProxy way)
    {
        string[] namespaces = options.Reach == Reach.Cluster
            ? []
            : ["--namespaces", string.Join(',', [.. Places, .. options.MissingNamespaces])];
        Operator = OperatorProcess.Start(
            OperatorProcess.FindProgram("visma-operator"),
            "run",
            [
                "--kubeconfig",
                KubeconfigOf(way),
                "--allowed-issuers",
                Provider.Issuer.OriginalString,
                "--insecure-issuers",
                "--log-format",
                "text",
                "--log-level",
                "trace",
                .. namespaces,
                .. options.Arguments,
            ],
            options.Environment
        );
        audit.Add(Operator);
        return Operator;
    }

    /// <summary>Ends the operator by a signal and waits until it is gone.</summary>
    public async Task EndOperatorAsync(ProcessSignal signal)
    {
        await audit.ScrapeAsync(Operator);
        Operator.Process.Send(signal);
        await Operator.Process.WaitForExitAsync(Ct);
    }

    public Task<JsonNode> CreateSecretAsync(string name, params (string Key, string Value)[] values) =>
        Admin.CreateAsync(
            Home.Core("secrets"),
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name },
                ["stringData"] = new JsonObject(values.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
            },
            Ct
        );

    public Task<JsonNode> CreateCredentialsAsync(string name = The.CredentialSecret) =>
        CreateSecretAsync(name, ("clientSecret", The.ClientSecret));

    public Task<JsonNode> CreateClientAsync(JsonObject? spec = null, string name = The.Client) =>
        Admin.CreateAsync(
            Home.Of(The.Group, "oauthclients"),
            The.OAuthClient(name, spec ?? The.ClientSpec(Provider.Issuer.OriginalString)),
            Ct
        );

    public Task<JsonNode> CreateConnectionAsync(JsonObject? spec = null, string name = The.Connection) =>
        Admin.CreateAsync(Home.Of(The.Group, "vismaconnections"), The.VismaConnection(name, spec ?? The.ConnectionSpec()), Ct);

    /// <summary>Credentials, client and connection, and the connection Ready.</summary>
    public async Task<JsonNode> CreateAllAsync(JsonObject? connectionSpec = null)
    {
        await CreateCredentialsAsync();
        await CreateClientAsync();
        await CreateConnectionAsync(connectionSpec);
        return await UntilReadyAsync();
    }

    /// <summary>Path for a file that goes with the scene.</summary>
    public string FileNamed(string name) => Path.Combine(folder.FullName, name);

    public string ConnectionPath(string name = The.Connection) => Home.Of(The.Group, $"vismaconnections/{name}");

    public string ClientPath(string name = The.Client) => Home.Of(The.Group, $"oauthclients/{name}");

    public string SecretPath(string name = The.TokenSecret) => Home.Core($"secrets/{name}");

    public Task<JsonNode> GetSecretAsync(string name = The.TokenSecret) => Admin.GetAsync(SecretPath(name), Ct);

    public Task<JsonNode> GetConnectionAsync(string name = The.Connection) => Admin.GetAsync(ConnectionPath(name), Ct);

    /// <summary>Changes members of the connection's spec; a null removes one.</summary>
    public Task<JsonNode> ChangeConnectionAsync(JsonObject spec, string name = The.Connection) =>
        Admin.PatchAsync(ConnectionPath(name), new JsonObject { ["spec"] = spec }, Ct);

    /// <summary>Changes members of the client's spec; a null removes one.</summary>
    public Task<JsonNode> ChangeClientAsync(JsonObject spec, string name = The.Client) =>
        Admin.PatchAsync(ClientPath(name), new JsonObject { ["spec"] = spec }, Ct);

    /// <summary>Asks for a refresh now, as a person does.</summary>
    public Task<JsonNode> RequestRefreshAsync(string value, string name = The.Connection) =>
        Admin.PatchAsync(
            ConnectionPath(name),
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [VismaNames.RequestedAtAnnotation] = value } },
            },
            Ct
        );

    /// <summary>Waits until the connection is Ready for the spec as it is now.</summary>
    public Task<JsonNode> UntilReadyAsync(string name = The.Connection, TimeSpan? within = null) =>
        UntilAsync(
            ConnectionPath(name),
            $"VismaConnection {name} to be Ready",
            node => node.IsObserved() && node.Condition("Ready")?.Status == "True",
            within
        );

    /// <summary>Waits until a request for a refresh was handled.</summary>
    public Task<JsonNode> UntilHandledAsync(string value, string name = The.Connection, TimeSpan? within = null) =>
        UntilAsync(
            ConnectionPath(name),
            $"the request {value} to be handled",
            node => node["status"]?["lastHandledReconcileAt"]?.GetValue<string>() == value,
            within
        );

    /// <summary>Waits until the object at a path is as wanted.</summary>
    public async Task<JsonNode> UntilAsync(string path, string expectation, Func<JsonNode, bool> isWanted, TimeSpan? within = null)
    {
        JsonNode? last = null;
        try
        {
            return await Eventually.GetOnNewsAsync(
                expectation,
                async token => (last = await Admin.FindAsync(path, token)) is { } found && isWanted(found) ? found : null,
                NewsOf(path),
                Ct,
                within
            );
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\nIt was: {last?.ToJsonString()}\n{Situation()}", timeout);
        }
    }

    public Task UntilGoneAsync(string path, TimeSpan? within = null) =>
        Eventually.GetOnNewsAsync(
            $"{path} to be gone",
            async token => await Admin.FindAsync(path, token) is null ? path : null,
            NewsOf(path),
            Ct,
            within
        );

    /// <summary>Waits until the operator has asked the API server for nothing new for a while.</summary>
    public Task UntilStillAsync(TimeSpan duration) =>
        Quiet.UntilUnchangedAsync(() => Proxy.Ledger.Requests.Count + Provider.Ledger.Requests.Count, duration, Ct);

    /// <summary>
    /// What people would look at when something does not happen: what each operator said, the last one first, and what was asked of the
    /// API server by the way that a test disturbs.
    /// </summary>
    public string Situation() =>
        $"{string.Join('\n', audit.Operators.Reverse().Select(Said))}\nBy the first way it was asked "
        + $"for:\n{string.Join('\n', Proxy.Ledger.Requests.TakeLast(30))}";

    private static string Said(OperatorProcess one) =>
        $"The operator {one.Process.Id}{(one.Process.HasExited ? ", which has ended," : string.Empty)} "
        + $"said:\n{string.Join('\n', one.Process.Lines.TakeLast(40))}";

    public async ValueTask DisposeAsync()
    {
        try
        {
            await audit.CloseAsync();
        }
        finally
        {
            await History.DisposeAsync();
            await account.DeleteAsync();
            await Home.DisposeAsync();
            await Proxy.DisposeAsync();
            foreach (var added in moreProxies)
            {
                await added.DisposeAsync();
            }

            if (options.Shared is null)
            {
                await Provider.DisposeAsync();
            }

            folder.Delete(recursive: true);
        }
    }

    // What the history follows need not be asked for again and again.
    private Func<Task>? NewsOf(string path) => History.Follows(path) ? () => History.Next : null;

    private string KubeconfigOf(ApiProxy way) => FileNamed($"kubeconfig-{way.Server.Port}");

    private void Open(ApiProxy way, OperatorAccount user)
    {
        user.WriteKubeconfig(way, KubeconfigOf(way));
        way.Confine(Places);
        audit.Add(way.Ledger);
    }
}

/// <summary>What differs from scene to scene.</summary>
internal sealed record SceneOptions
{
    public StandInOptions Provider { get; init; } = The.Provider;

    /// <summary>The stand-in of another scene, which outlives this one; null for one of its own.</summary>
    public VismaConnectStandIn? Shared { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Variables of the operator that differ from those of the tests.</summary>
    public IReadOnlyDictionary<string, string?>? Environment { get; init; }

    public IReadOnlyList<string> MoreNamespaces { get; init; } = [];

    /// <summary>Listed namespaces that do not exist when the operator starts.</summary>
    public IReadOnlyList<string> MissingNamespaces { get; init; } = [];

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Name of the scene's namespace, for pictures; null for one of its own.</summary>
    public string? Namespace { get; init; }

    public Reach Reach { get; init; } = Reaches.OfThisRun;

    /// <summary>Which of the chart's roles the operator gets.</summary>
    public ChartRoles Roles { get; init; } = ChartRoles.Default;

    /// <summary>Tokens of this lifetime.</summary>
    public static SceneOptions WithLifetime(TimeSpan lifetime) => new() { Provider = The.Provider with { AccessTokenLifetime = lifetime } };
}
