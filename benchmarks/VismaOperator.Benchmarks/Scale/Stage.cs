using System.Globalization;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>
/// A real API server with the definitions of one program, and a token endpoint that takes 5 ms. Each program gets a server of its own, of
/// the same executable and settings, so that none finds what another one left.
/// </summary>
internal sealed class Stage : IAsyncDisposable
{
    /// <summary>The client that asks for tokens.</summary>
    public const string ClientId = "isv_bench";

    /// <summary>Its secret.</summary>
    public const string ClientSecret = "made-up-for-the-benchmark";

    private const string Group = "visma-operator.io/v1";
    private const string TenantPrefix = "2f5c8a54-51ab-4c5e-9d3a-";
    private const int CreatedAtOnce = 16;
    private static readonly TimeSpan answerTime = TimeSpan.FromMilliseconds(5);

    // What an operator asks for; whatever else the server counts is of the controller manager, or of this harness.
    private static readonly HashSet<string> resources =
    [
        "vismaconnections", "oauthclients", "secrets", "events", "leases", "namespaces",
    ];

    private readonly ApiServer server;
    private readonly VismaConnectStandIn provider;
    private readonly TestNamespace home;

    private Stage(ApiServer server, VismaConnectStandIn provider, TestNamespace home)
    {
        this.server = server;
        this.provider = provider;
        this.home = home;
    }

    /// <summary>The API as an administrator.</summary>
    public ApiClient Admin => server.Admin;

    /// <summary>How the operator reaches the API.</summary>
    public string KubeconfigPath => server.KubeconfigPath;

    /// <summary>The issuer to allow.</summary>
    public string Issuer => provider.Issuer.OriginalString;

    /// <summary>Where tokens are asked for.</summary>
    public Uri TokenEndpoint => provider.TokenEndpoint;

    /// <summary>The token requests so far: the number of the connection, and when.</summary>
    public IReadOnlyList<(int Connection, DateTimeOffset Time)> TokenRequests =>
        [.. provider.Ledger.TokenRequests.Select(entry => (NumberOf(entry.Request.TenantId!), entry.Time))];

    /// <summary>Starts everything.</summary>
    /// <param name="crds">The folder with the definitions.</param>
    /// <param name="tokenLifetime">Lifetime of access tokens; null for an hour, as at Visma.</param>
    /// <param name="time">The clock of the provider.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Stage> BuildAsync(
        string crds, TimeSpan? tokenLifetime, TimeProvider time, CancellationToken cancellationToken)
    {
        var cluster = await ApiServer.StartAsync(new ApiServerOptions { CrdFolders = [crds] }, cancellationToken);
        var issuer = await VismaConnectStandIn.StartAsync(
            new StandInOptions
            {
                Time = time,
                Clients = [new StandInClient(ClientId) { Secrets = [new StandInSecret(ClientSecret)] }],
                AccessTokenLifetime = tokenLifetime ?? TimeSpan.FromHours(1),
            },
            cancellationToken);
        issuer.Faults.Always(new Fault.Slow(answerTime));
        return new Stage(cluster, issuer, await TestNamespace.CreateAsync(cluster.Admin, cancellationToken));
    }

    /// <summary>
    /// Creates one client with its credential, and connections that use it, each for a company of its own. Returns once the cluster's
    /// own processes have come to rest.
    /// </summary>
    public async Task PopulateAsync(int connections, TimeProvider time, CancellationToken cancellationToken)
    {
        await Admin.CreateAsync(
            home.Core("secrets"),
            Named("credentials", "stringData", new JsonObject { ["clientSecret"] = ClientSecret }),
            cancellationToken
        );
        await Admin.CreateAsync(home.Of(Group, "oauthclients"), Resource("OAuthClient", "bench", ClientSpec()), cancellationToken);
        await ParallelAsync(connections, CreateConnectionAsync, cancellationToken);
        await Quiet.UntilAsync(ClusterCpu, TimeSpan.FromMilliseconds(200), time, cancellationToken);
    }

    /// <summary>Creates one connection.</summary>
    public async Task CreateConnectionAsync(int number, CancellationToken cancellationToken)
    {
        provider.Portal.Set(new StandInTenant(TenantOf(number)));
        await Admin.CreateAsync(
            home.Of(Group, "vismaconnections"), Resource("VismaConnection", NameOf(number), ConnectionSpec(number)), cancellationToken);
    }

    /// <summary>Creates Secrets that concern nobody, as a cluster is full of them.</summary>
    public Task CreateUnrelatedSecretsAsync(int count, CancellationToken cancellationToken) =>
        ParallelAsync(
            count,
            (number, token) =>
                Admin.CreateAsync(
                    home.Core("secrets"),
                    Named($"unrelated-{number:00000}", "stringData", new JsonObject { ["password"] = new string('x', 256) }),
                    token),
            cancellationToken
        );

    /// <summary>When each connection is to be renewed next, by its number.</summary>
    public async Task<IReadOnlyDictionary<int, DateTimeOffset>> RefreshTimesAsync(CancellationToken cancellationToken)
    {
        var list = await Admin.GetAsync(home.Of(Group, "vismaconnections"), cancellationToken);
        return list["items"]!.AsArray().ToDictionary(
            connection => NumberOf(connection!["spec"]!["tenantID"]!.GetValue<string>()),
            connection => connection!["status"]!["token"]!["refreshTime"]!.GetValue<DateTimeOffset>()
        );
    }

    /// <summary>The lines of a watch of the namespace's Secrets from now on; the first element is there before any of them.</summary>
    public async Task<IAsyncEnumerable<JsonNode>> WatchSecretsAsync(CancellationToken cancellationToken)
    {
        var version = (await Admin.GetAsync(home.Core("secrets?limit=1"), cancellationToken))["metadata"]!["resourceVersion"];
        return Admin.WatchAsync(home.Core($"secrets?watch=true&timeoutSeconds=3000&resourceVersion={version}"), cancellationToken);
    }

    /// <summary>The JSON of a connection and of its Secret as the API server sends them, in KiB.</summary>
    public async Task<double> SizeAsync(int number, CancellationToken cancellationToken) =>
        (
            (await Admin.GetTextAsync(home.Of(Group, $"vismaconnections/{NameOf(number)}"), cancellationToken)).Length
            + (await Admin.GetTextAsync(home.Core($"secrets/{SecretNameOf(number)}"), cancellationToken)).Length
        ) / 1024.0;

    /// <summary>Name of the Secret of a connection.</summary>
    public static string SecretNameOf(int number) => NameOf(number) + "-token";

    /// <summary>
    /// Requests as the API server itself counts them, by verb and resource. A watch is counted when it ends, and therefore left out.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, double>> RequestsAsync(CancellationToken cancellationToken) =>
        Scrape
            .Parse(await Admin.GetTextAsync("/metrics", cancellationToken))
            .SumBy(
                "apiserver_request_total",
                labels =>
                    resources.Contains(labels.GetValueOrDefault("resource", "")) && labels["verb"] is not "WATCH"
                        ? $"{labels["verb"]} {labels["resource"]}"
                        : null
            );

    /// <summary>Time that the cluster's own processes have used so far.</summary>
    public TimeSpan ClusterCpu() => ProcessUsage.CpuOfChildren("etcd", "kube-apiserver", "kube-controller-manager");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await provider.DisposeAsync();
        await home.DisposeAsync();
        await server.DisposeAsync();
    }

    private JsonObject ClientSpec() =>
        new()
        {
            ["issuer"] = Issuer,
            ["clientID"] = ClientId,
            ["clientSecrets"] = new JsonArray(
                new JsonObject
                {
                    ["secretKeyRef"] = new JsonObject { ["name"] = "credentials", ["key"] = "clientSecret" },
                }
            ),
        };

    private static string NameOf(int number) => $"company-{number:00000}";

    private static string TenantOf(int number) => $"{TenantPrefix}{number:x12}";

    private static int NumberOf(string tenant) =>
        int.Parse(tenant.AsSpan(TenantPrefix.Length), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static Task ParallelAsync(int count, Func<int, CancellationToken, Task> act, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = CreatedAtOnce, CancellationToken = cancellationToken },
            async (number, token) => await act(number, token)
        );

    private static JsonObject ConnectionSpec(int number) =>
        new()
        {
            ["oauthClientRef"] = new JsonObject { ["name"] = "bench" },
            ["tenantID"] = TenantOf(number),
            ["scopes"] = new JsonArray("vismanet_erp_service_api:read", "vismanet_erp_service_api:create"),
        };

    private static JsonObject Resource(string kind, string name, JsonObject spec)
    {
        var resource = Named(name, "spec", spec);
        resource["apiVersion"] = Group;
        resource["kind"] = kind;
        return resource;
    }

    private static JsonObject Named(string name, string member, JsonObject content) =>
        new() { ["metadata"] = new JsonObject { ["name"] = name }, [member] = content };
}
