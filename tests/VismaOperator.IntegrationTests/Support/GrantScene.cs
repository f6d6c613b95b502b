using System.Net;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using Proxying = VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// A leader that serves connections by one-time refresh tokens, for tests in which something happens in the middle of an exchange.
/// </summary>
internal static class GrantScene
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A leader with consent pages, and the clients; the companies wait for connections.</summary>
    public static async Task<Scene> LedAsync(ApiServer server, int tenants)
    {
        var options = new SceneOptions
        {
            Provider = Consents.Provider(tenants),
            Arguments = ["--leader-elect", "true", .. PageConsents.Arguments],
        };
        var scene = await Scene.SetAsync(server, options);
        var leader = await scene.StartOperatorAsync();
        await leader.Process.WaitForLineAsync("This replica leads", Ct);
        await scene.CreateClientsAsync();
        return scene;
    }

    /// <summary>A leader, and every connection served and at rest.</summary>
    public static async Task<Scene> ServedAsync(ApiServer server, params IReadOnlyList<ServedConnection> connections)
    {
        var scene = await LedAsync(server, connections.Count);
        if (connections.Any(connection => connection.Client == Consents.LenientClient))
        {
            await scene.CreateConsentClientAsync(Consents.LenientClient);
        }

        foreach (var connection in connections)
        {
            await scene.CreateConnectionAsync(connection.Spec, connection.Name);
            await scene.HandOverAsync(connection.Number, connection.Name, connection.Client);
        }

        foreach (var connection in connections)
        {
            await scene.UntilServedAsync(connection.Name);
        }

        await scene.UntilStillAsync(TimeSpan.FromSeconds(0.5));
        return scene;
    }

    /// <summary>Starts another replica, with a way to the API server of its own.</summary>
    public static async Task<OperatorProcess> StartApartAsync(this Scene scene) =>
        await scene.StartOperatorAsync(await scene.AddProxyAsync());

    /// <summary>Asks for a refresh, and waits until the exchange of who leads is held up at a point.</summary>
    public static async Task<Held> BeginExchangeAsync(this Scene scene, ServedConnection connection, ExchangePoint point)
    {
        var held = point switch
        {
            ExchangePoint.Sent => scene.HoldAtProvider(connection.Number, "refresh_token"),
            ExchangePoint.Processed => scene.HoldAnswerOfProvider(connection.Number, "refresh_token"),
            _ => scene.Proxy.HoldWritesFrom("PUT", scene.GrantPath(connection.Name), which: 2), // the first write is the intent
        };
        await scene.RequestRefreshAsync("now", connection.Name);
        await held.Reached.WaitAsync(Eventually.Patience, TimeProvider.System, Ct);
        return held;
    }

    /// <summary>
    /// From the moment on at which the provider has the request, the API server refuses some writes; then the answer comes.
    /// </summary>
    public static async Task<Proxying.Fault> ExchangeIntoAnOutageAsync(this Scene scene, Func<Proxying.ProxiedRequest, bool> refused)
    {
        using var answer = await scene.BeginExchangeAsync(ServedConnection.First, ExchangePoint.Sent);
        return scene.Proxy.Inject(new Proxying.FaultEffect.Answer(HttpStatusCode.ServiceUnavailable), refused);
    }

    /// <summary>Takes the lease from its holder, as kubectl edit could: a holder that never renews, with a lease of a second.</summary>
    public static Task StealLeaseAsync(this Scene scene) => scene.Admin.PatchAsync(
        scene.LeasePath(),
        new JsonObject { ["spec"] = new JsonObject { ["holderIdentity"] = "a-thief", ["leaseDurationSeconds"] = 1 } },
        Ct);

    /// <summary>Deletes the lease, so that nobody waits for it to run out.</summary>
    public static Task DeleteLeaseAsync(this Scene scene) => scene.Admin.DeleteAsync(scene.LeasePath(), Ct);

    /// <summary>A family as it is now.</summary>
    public static GrantFamily Find(this Scene scene, GrantFamily family) =>
        scene.Provider.Grants.Families.Single(found => found.Id == family.Id);

    /// <summary>Waits until a family was revoked because the operator asked for it.</summary>
    public static Task UntilHandedBackAsync(this Scene scene, GrantFamily family) =>
        Eventually.BecomesTrueAsync("the former grant to be revoked", () => scene.Find(family).Revocation == RevocationCause.Requested, Ct);

    /// <summary>The exchanges of a connection that the provider was asked for.</summary>
    public static IReadOnlyList<GrantVerdict?> ExchangesOf(this Scene scene, ServedConnection connection) =>
        [.. scene.Provider.Ledger.TokenRequests
            .Where(entry => entry.Request.GrantType == "refresh_token" && entry.Request.TenantId == Consents.TenantOf(connection.Number))
            .Select(entry => entry.Grant?.Verdict)];

    /// <summary>The stored token is one that the provider takes, and nothing happened on the way that must not.</summary>
    public static async Task AssertNothingLostAsync(this Scene scene, ServedConnection connection, int generation)
    {
        var grant = await scene.Admin.GetAsync(scene.GrantPath(connection.Name), Ct);
        var family = await scene.FamilyAsync(connection.Name);
        var stored = family.RefreshTokens.Single(token => token.Sha256 == GrantTrace.HashOf(grant.Value("refresh_token")));
        Assert.Equal((generation, true), (stored.Generation, stored.IsLive));
        Assert.Null(grant["data"]!["refused_at"]);
        scene.AssertLedgerIsClean();
    }

    /// <summary>No token was spent whose successor is stored, and no family revoked of which a live token is.</summary>
    public static void AssertLedgerIsClean(this Scene scene)
    {
        var ledger = new GrantLedger(scene.Provider, scene.History);
        Assert.Empty(ledger.SpendsOfASucceededToken);
        Assert.Empty(ledger.RevocationsOfALiveToken);
    }

    private static string LeasePath(this Scene scene) => scene.Home.Of("coordination.k8s.io/v1", "leases/visma-operator");
}

/// <summary>A connection with a company of its own.</summary>
/// <param name="Number">Tells it from others, from 0.</param>
internal sealed record ServedConnection(int Number)
{
    public static ServedConnection First { get; } = new(0);

    /// <summary>The client, which decides whether the provider gives a grace.</summary>
    public string Client { get; init; } = The.Client;

    /// <summary>Whether the provider still takes a spent token for a minute.</summary>
    public bool HasGrace => Client == Consents.GracefulClient;

    /// <summary>How long the consent lasts; short of 30 days status offers a link all the time.</summary>
    public string ConsentLifetime { get; init; } = "8760h";

    public string Name => Number == 0 ? The.Connection : $"{The.Connection}-{Number}";

    public JsonObject Spec
    {
        get
        {
            var spec = Consents.Spec(Number, Client);
            spec["authorization"] = new JsonObject { ["consentLifetime"] = ConsentLifetime };
            return spec;
        }
    }
}

/// <summary>A stage of an exchange.</summary>
internal enum ExchangePoint
{
    /// <summary>The request is with the provider, which has processed nothing.</summary>
    Sent,

    /// <summary>The provider has processed it, and the answer is on its way.</summary>
    Processed,

    /// <summary>The answer is there, and the write that stores it is on its way.</summary>
    Received,
}
