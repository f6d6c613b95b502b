using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// One test's world: a namespace on the real API server, the stand-in of Visma Connect, a proxy that sees and disturbs what
/// the operator asks of the API server, and the operator as a real process.
/// </summary>
internal sealed class Scene : IAsyncDisposable
{
    private const string Group = "visma-operator.io/v1";

    private Scene(ApiServer server, TestNamespace home, VismaConnectStandIn provider, ApiProxy proxy)
    {
        Server = server;
        Home = home;
        Provider = provider;
        Proxy = proxy;
    }

    public ApiServer Server { get; }

    public TestNamespace Home { get; }

    public VismaConnectStandIn Provider { get; }

    public ApiProxy Proxy { get; }

    public OperatorProcess Operator { get; private set; } = null!;

    public ApiClient Admin => Server.Admin;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Everything up and the operator ready.</summary>
    public static async Task<Scene> OpenAsync(ApiServerFixture fixture, SceneOptions? options = null)
    {
        var scene = await SetAsync(fixture.Server, options);
        await scene.StartOperatorAsync(options);
        return scene;
    }

    /// <summary>Everything up but the operator.</summary>
    public static async Task<Scene> SetAsync(ApiServer server, SceneOptions? options = null)
    {
        var provider = await VismaConnectStandIn.StartAsync((options ?? new SceneOptions()).Provider, Ct);
        return new Scene(server, await TestNamespace.CreateAsync(server.Admin, Ct), provider, await ApiProxy.StartAsync(server, Ct));
    }

    public async Task StartOperatorAsync(SceneOptions? options = null)
    {
        var used = options ?? new SceneOptions();
        string[] places = used.AllNamespaces ? [] : ["--namespaces", string.Join(',', [Home.Name, .. used.MoreNamespaces])];
        Operator = OperatorProcess.Start(
            OperatorProcess.FindProgram("visma-operator"),
            "run",
            ["--kubeconfig", Proxy.KubeconfigPath, "--allowed-issuers", Provider.Issuer.OriginalString, "--insecure-issuers", "--log-format", "text", .. places, .. used.Arguments]);
        await Operator.WaitUntilReadyAsync(Ct);
    }

    public Task<JsonNode> CreateSecretAsync(string name, params (string Key, string Value)[] values) => Admin.CreateAsync(
        Home.Core("secrets"),
        new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name },
            ["stringData"] = new JsonObject(values.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        },
        Ct);

    public Task<JsonNode> CreateClientAsync(JsonObject? spec = null, string name = The.Client) =>
        Admin.CreateAsync(Home.Of(Group, "oauthclients"), The.OAuthClient(name, spec ?? The.ClientSpec(Provider.Issuer.OriginalString)), Ct);

    public Task<JsonNode> CreateConnectionAsync(JsonObject? spec = null, string name = The.Connection) =>
        Admin.CreateAsync(Home.Of(Group, "vismaconnections"), The.VismaConnection(name, spec ?? The.ConnectionSpec()), Ct);

    /// <summary>Credentials, client and connection, and the connection Ready.</summary>
    public async Task<JsonNode> CreateAllAsync()
    {
        await CreateSecretAsync(The.CredentialSecret, ("clientSecret", The.ClientSecret));
        await CreateClientAsync();
        await CreateConnectionAsync();
        return await UntilReadyAsync();
    }

    public string ConnectionPath(string name = The.Connection) => Home.Of(Group, $"vismaconnections/{name}");

    public string ClientPath(string name = The.Client) => Home.Of(Group, $"oauthclients/{name}");

    public string SecretPath(string name = The.TokenSecret) => Home.Core($"secrets/{name}");

    public Task<JsonNode> UntilReadyAsync(string name = The.Connection, TimeSpan? within = null) =>
        UntilAsync(ConnectionPath(name), $"VismaConnection {name} to be Ready", node => node.Condition("Ready")?.Status == "True", within);

    /// <summary>Waits until the object at a path is as wanted.</summary>
    public async Task<JsonNode> UntilAsync(string path, string expectation, Func<JsonNode, bool> isWanted, TimeSpan? within = null)
    {
        JsonNode? last = null;
        try
        {
            return await Eventually.GetAsync(expectation, async token => (last = await Admin.FindAsync(path, token)) is { } found && isWanted(found) ? found : null, Ct, within);
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\nIt was: {last?.ToJsonString()}\nThe operator said:\n{string.Join('\n', Operator.Process.Lines.TakeLast(40))}", timeout);
        }
    }

    public Task UntilGoneAsync(string path, TimeSpan? within = null) =>
        Eventually.BecomesTrueAsync($"{path} to be gone", async token => await Admin.FindAsync(path, token) is null, Ct, within);

    public async ValueTask DisposeAsync()
    {
        if (Operator is not null)
        {
            await Operator.DisposeAsync();
        }

        await Home.DisposeAsync();
        await Proxy.DisposeAsync();
        await Provider.DisposeAsync();
    }
}

/// <summary>What differs from scene to scene.</summary>
internal sealed record SceneOptions
{
    public StandInOptions Provider { get; init; } = The.Provider;

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public IReadOnlyList<string> MoreNamespaces { get; init; } = [];

    public bool AllNamespaces { get; init; }
}
