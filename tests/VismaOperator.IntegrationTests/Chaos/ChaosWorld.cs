using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Chaos;

/// <summary>
/// What the blows fall on: connections by client credentials, some by consent with one-time refresh tokens, one in a namespace that comes
/// and goes, and two replicas. Tokens live for a minute and are renewed after half of it.
/// </summary>
internal sealed class ChaosWorld : IAsyncDisposable
{
    /// <summary>How long a token lives.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromMinutes(1);

    private const string ServiceClient = "acme-service";
    private const string ServiceClientId = "isv_acme_service";

    private readonly ConcurrentQueue<Excuse> excuses = new();
    private readonly TestNamespace elsewhere;

    private ChaosWorld(Scene scene, TestNamespace elsewhere, Replicas replicas, SteppedClock clock)
    {
        Scene = scene;
        Clock = clock;
        this.elsewhere = elsewhere;
        Replicas = replicas;
    }

    public Scene Scene { get; }

    public Replicas Replicas { get; }

    /// <summary>The wall clock of the replicas.</summary>
    public SteppedClock Clock { get; }

    /// <summary>Every connection.</summary>
    public IReadOnlyList<ChaosConnection> Connections { get; private set; } = [];

    /// <summary>Reasons for which a token may be requested before its time.</summary>
    public IReadOnlyCollection<Excuse> Excuses => excuses;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Everything up, and every connection served.</summary>
    public static async Task<ChaosWorld> OpenAsync(ApiServer server)
    {
        var tenants = ChaosRun.Connections + ChaosConnection.Interactive + 1;
        var other = await TestNamespace.CreateAsync(server.Admin, Ct);
        var clock = await SteppedClock.CreateAsync(Ct);
        var scene = await Scene.SetAsync(
            server,
            new SceneOptions
            {
                Provider = ProviderOf(tenants),
                Arguments = ["--leader-elect", "true"],
                MoreNamespaces = [other.Name],
                Environment = clock.Environment,
            }
        );
        var world = new ChaosWorld(scene, other, await Replicas.StartAsync(scene), clock)
        {
            Connections = [.. Enumerable.Range(0, tenants).Select(number => ChaosConnection.Of(number, tenants, scene.Home, other))],
        };
        await world.CreateAsync();
        Assert.Empty(await world.UntilAtRestAsync());
        return world;
    }

    /// <summary>Notes why a connection, or all of them where null, may get a token before its time: now, or until it is disposed.</summary>
    public Excuse Excuse(string why, string? tenant = null)
    {
        var excuse = new Excuse(why, tenant);
        excuses.Enqueue(excuse);
        return excuse;
    }

    /// <summary>Waits until every connection is served, or asks for another consent.</summary>
    /// <returns>Those that ask for another consent.</returns>
    public async Task<IReadOnlyList<ChaosConnection>> UntilAtRestAsync(TimeSpan? within = null)
    {
        List<ChaosConnection> lost = [];
        foreach (var connection in Connections)
        {
            var found = await Scene.UntilAsync(
                connection.Path,
                $"{connection.Name} to be served",
                node => IsServed(node, connection) || IsLost(node),
                within
            );
            if (IsLost(found))
            {
                lost.Add(connection);
            }
        }

        return lost;
    }

    /// <summary>Deletes all connections, and waits until their token Secrets are gone.</summary>
    public async Task RemoveConnectionsAsync()
    {
        foreach (var connection in Connections)
        {
            await Scene.Admin.DeleteAsync(connection.Path, Ct);
        }

        foreach (var home in new[] { Scene.Home, elsewhere })
        {
            var ours = Uri.EscapeDataString($"{VismaNames.SecretLabel}={VismaNames.TokenSecretValue}");
            await Eventually.BecomesTrueAsync(
                $"no token Secret to be left in {home.Name}",
                async token =>
                {
                    var found = await Scene.Admin.GetAsync($"{home.Core("secrets")}?labelSelector={ours}", token);
                    return found["items"]!.AsArray().Count == 0;
                },
                Ct
            );
        }
    }

    private static bool IsServed(JsonNode node, ChaosConnection connection) =>
        node.IsObserved()
        && node.Condition("Ready")?.Status == "True"
        && node.Condition("Stalled") is null
        && node["status"]!["failure"] is null
        && (!connection.IsInteractive || node.Condition("Authorized")?.Status == "True");

    private static bool IsLost(JsonNode node) => node.Condition("Stalled")?.Reason == "ConsentRequired";

    /// <summary>Creates the connection of the namespace that comes and goes, and what it needs.</summary>
    public async Task CreateElsewhereAsync()
    {
        await CreateClientAsync(elsewhere);
        await CreateAsync(Connections.Single(connection => connection.Home == elsewhere));
    }

    /// <summary>Creates the namespace again that is gone.</summary>
    public async Task RecreateElsewhereAsync()
    {
        var path = $"/api/v1/namespaces/{elsewhere.Name}";
        await Scene.Admin.DeleteAsync(path, Ct);
        await Scene.UntilGoneAsync(path);
        await TestNamespace.CreateAsync(Scene.Admin, Ct, name: elsewhere.Name);
        if (Reaches.OfThisRun == Reach.Listed)
        {
            await Scene.Account.AdmitAsync(elsewhere.Name);
        }

        await CreateElsewhereAsync();
    }

    /// <summary>
    /// Deletes the definition of connections, and with it each of them, and creates everything again. At the end each Secret belongs to the
    /// connection that is there now, so that the garbage collector has no more reason to delete it.
    /// </summary>
    public async Task RecreateDefinitionAsync()
    {
        var path = $"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/vismaconnections.{The.Group.Split('/')[0]}";
        await Scene.Admin.DeleteAsync(path, Ct);
        await Scene.UntilGoneAsync(path);
        await CustomResourceDefinitions.InstallAsync(Scene.Admin, RepositoryFolder.PathOf("crds"), Ct);
        foreach (var connection in Connections)
        {
            await CreateAsync(connection);
            await HandOverAsync(connection);
        }

        foreach (var connection in Connections)
        {
            var uid = (await Scene.Admin.GetAsync(connection.Path, Ct))["metadata"]!["uid"]!.GetValue<string>();
            await Scene.UntilAsync(
                connection.SecretPath,
                $"{connection.SecretName} to belong to the connection that is there now",
                secret => secret["metadata"]!["ownerReferences"]?[0]?["uid"]?.GetValue<string>() == uid
            );
        }
    }

    /// <summary>Creates a connection.</summary>
    public Task CreateAsync(ChaosConnection connection) =>
        Scene.Admin.CreateAsync(
            connection.Home.Of(The.Group, "vismaconnections"),
            The.VismaConnection(connection.Name, SpecOf(connection)),
            Ct
        );

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Scene.DisposeAsync();
        }
        finally
        {
            await elsewhere.DisposeAsync();
            Clock.Dispose();
        }
    }

    private async Task CreateAsync()
    {
        await Scene.CreateClientsAsync();
        await CreateClientAsync(Scene.Home);
        foreach (var connection in Connections.Where(connection => connection.Home == Scene.Home))
        {
            await CreateAsync(connection);
            await HandOverAsync(connection);
        }

        await CreateElsewhereAsync();
    }

    private Task HandOverAsync(ChaosConnection connection) =>
        connection.IsInteractive
            ? Scene.HandOverAsync(connection.Number, connection.Name, Consents.GracefulClient)
            : Task.CompletedTask;

    private async Task CreateClientAsync(TestNamespace home)
    {
        if (home != Scene.Home)
        {
            await Scene.Admin.CreateAsync(
                home.Core("secrets"),
                new JsonObject
                {
                    ["metadata"] = new JsonObject { ["name"] = The.CredentialSecret },
                    ["stringData"] = new JsonObject { ["clientSecret"] = The.ClientSecret },
                },
                Ct
            );
        }

        var spec = The.ClientSpec(Scene.Provider.Issuer.OriginalString);
        spec["clientID"] = ServiceClientId;
        await Scene.Admin.CreateAsync(home.Of(The.Group, "oauthclients"), The.OAuthClient(ServiceClient, spec), Ct);
    }

    private static JsonObject SpecOf(ChaosConnection connection)
    {
        if (connection.IsInteractive)
        {
            return Consents.Spec(connection.Number, Consents.GracefulClient);
        }

        var spec = The.ConnectionSpec();
        spec["oauthClientRef"] = new JsonObject { ["name"] = ServiceClient };
        spec["tenantID"] = connection.Tenant;
        return spec;
    }

    private static StandInOptions ProviderOf(int tenants)
    {
        var options = Consents.Provider(tenants);
        return options with
        {
            AccessTokenLifetime = Lifetime,
            Clients = [.. options.Clients, new StandInClient(ServiceClientId) { Secrets = [new StandInSecret(The.ClientSecret)] }],
        };
    }
}

/// <summary>A connection with a company of its own.</summary>
/// <param name="Number">Tells it from others.</param>
/// <param name="Home">Its namespace.</param>
/// <param name="IsInteractive">Whether it acts by a person's consent.</param>
internal sealed record ChaosConnection(int Number, TestNamespace Home, bool IsInteractive)
{
    /// <summary>How many act by a person's consent.</summary>
    public const int Interactive = 3;

    public string Name => $"connection-{Number}";

    public string Tenant => Consents.TenantOf(Number);

    public string Path => Home.Of(The.Group, $"vismaconnections/{Name}");

    public string SecretName => Name + SecretSpec.DefaultNameSuffix;

    public string SecretPath => Home.Core($"secrets/{SecretName}");

    /// <summary>The last one lives elsewhere, some before it are interactive.</summary>
    public static ChaosConnection Of(int number, int count, TestNamespace home, TestNamespace elsewhere) =>
        number == count - 1
            ? new ChaosConnection(number, elsewhere, IsInteractive: false)
            : new ChaosConnection(number, home, number >= count - 1 - Interactive);
}

/// <summary>Why a token may be requested before its time: from when this is made, until it is disposed where it is.</summary>
/// <param name="Why">The reason.</param>
/// <param name="Tenant">Whose; null for all.</param>
internal sealed record Excuse(string Why, string? Tenant) : IDisposable
{
    private readonly DateTimeOffset begun = TimeProvider.System.GetUtcNow();
    private DateTimeOffset? ended;

    /// <summary>True where it was so between two times.</summary>
    public bool IsBetween(DateTimeOffset from, DateTimeOffset to) => (ended ?? begun) > from && begun <= to;

    public void Dispose() => ended = TimeProvider.System.GetUtcNow();
}
