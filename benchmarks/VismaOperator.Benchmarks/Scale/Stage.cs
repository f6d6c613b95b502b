using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>A real API server with our definitions, and a token endpoint that takes 5 ms.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private const string Group = "visma-operator.io/v1";
    private const string ClientId = "isv_bench";
    private const string ClientSecret = "made-up-for-the-benchmark";
    private const string Tenant = "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f11";
    private const int CreatedAtOnce = 16;
    private static readonly TimeSpan answerTime = TimeSpan.FromMilliseconds(5);

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

    /// <summary>Requests that reached the token endpoint so far.</summary>
    public int TokenRequests => provider.Ledger.TokenRequests.Count;

    /// <summary>Starts everything.</summary>
    public static async Task<Stage> BuildAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var cluster = await ApiServer.StartAsync(
            new ApiServerOptions { CrdFolders = [RepositoryFolder.PathOf("crds")] },
            cancellationToken
        );
        var issuer = await VismaConnectStandIn.StartAsync(
            new StandInOptions
            {
                Time = time,
                Clients = [new StandInClient(ClientId) { Secrets = [new StandInSecret(ClientSecret)] }],
                Tenants = [new StandInTenant(Tenant)],
            },
            cancellationToken);
        issuer.Faults.Always(new Fault.Slow(answerTime));
        return new Stage(cluster, issuer, await TestNamespace.CreateAsync(cluster.Admin, cancellationToken));
    }

    /// <summary>Creates one client with its credential, and connections that use it.</summary>
    public async Task PopulateAsync(int connections, CancellationToken cancellationToken)
    {
        await Admin.CreateAsync(
            home.Core("secrets"),
            Named("credentials", "stringData", new JsonObject { ["clientSecret"] = ClientSecret }),
            cancellationToken
        );
        await Admin.CreateAsync(home.Of(Group, "oauthclients"), Resource("OAuthClient", "bench", ClientSpec()), cancellationToken);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, connections),
            new ParallelOptions { MaxDegreeOfParallelism = CreatedAtOnce, CancellationToken = cancellationToken },
            async (number, token) =>
                await Admin.CreateAsync(
                    home.Of(Group, "vismaconnections"),
                    Resource("VismaConnection", $"company-{number:00000}", ConnectionSpec()),
                    token
                )
        );
    }

    /// <summary>Time that the cluster's own processes have used so far.</summary>
    public TimeSpan ClusterCpu() => ProcessUsage.CpuOfChildren("etcd", "kube-apiserver", "kube-controller-manager");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await provider.DisposeAsync();
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

    private static JsonObject ConnectionSpec() =>
        new()
        {
            ["oauthClientRef"] = new JsonObject { ["name"] = "bench" },
            ["tenantID"] = Tenant,
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
