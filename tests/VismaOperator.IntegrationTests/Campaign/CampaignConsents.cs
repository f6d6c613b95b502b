using System.Web;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>
/// An operator of two connections that act for a person: for one the person consents on the operator's pages, for the other one in a
/// terminal by <c>connect</c>. What the person saw is kept, and every secret that passed by.
/// </summary>
internal sealed class CampaignConsents : IAsyncDisposable
{
    private static readonly ServedConnection byPages = new(1);

    private readonly List<string> secrets = [];

    private CampaignConsents(Scene scene) => Scene = scene;

    public Scene Scene { get; }

    /// <summary>The pages of the operator. The link by which the person came stands in them, and is left out.</summary>
    public IReadOnlyList<string> Pages { get; private set; } = [];

    /// <summary>What <c>connect</c> printed. The address that begins the consent has the state, and is left out.</summary>
    public IReadOnlyList<string> Terminal { get; private set; } = [];

    /// <summary>The page of <c>connect</c> to which the browser came back.</summary>
    public string LastPage { get; private set; } = string.Empty;

    /// <summary>States, codes, verifiers and links.</summary>
    public IEnumerable<string> Secrets =>
        [.. secrets, .. ClusterSecrets.OfHandoffsIn(Scene.History.Sightings), .. ClusterSecrets.LinksIn(Scene.History.Sightings)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Both consents, one after the other, until both connections are Ready.</summary>
    public static async Task<CampaignConsents> GiveAsync(ApiServer server, IReadOnlyDictionary<string, string?> environment)
    {
        var options = new SceneOptions
        {
            Provider = Consents.Provider(2),
            Reach = Reach.Listed,
            Arguments = PageConsents.Arguments,
            Environment = environment,
        };
        var consents = new CampaignConsents(await Scene.SetAsync(server, options));
        var scene = consents.Scene;
        await scene.StartOperatorAsync();
        await scene.CreateClientsAsync();
        foreach (var connection in new[] { ServedConnection.First, byPages })
        {
            await scene.CreateConnectionAsync(connection.Spec, connection.Name);
        }

        var visit = await scene.ConsentInBrowserAsync(byPages, scene.Operator, scene.Operator);
        consents.Pages = visit.Pages;
        consents.secrets.AddRange(visit.Secrets);
        await consents.ConsentInTerminalAsync();
        await scene.UntilServedAsync(byPages.Name);
        await scene.UntilServedAsync();
        return consents;
    }

    public ValueTask DisposeAsync() => Scene.DisposeAsync();

    private async Task ConsentInTerminalAsync()
    {
        var port = FreePort.Take();
        Scene.Provider.Portal.Set(
            Scene.Provider.Portal.FindClient(The.ClientId)! with { RedirectUris = [$"http://localhost:{port}/oauth2/callback"] }
        );
        await using var verb = Scene.StartConnect(await ConnectScene.PersonAsync(Scene), port);
        var address = await verb.WaitForLineAsync("/connect/authorize?", Ct);
        var back = await Scene.Provider.ApproveAsync(new Uri(address), Consents.Person, Consents.TenantOf(0), Ct);
        var query = HttpUtility.ParseQueryString(back.Query);
        secrets.AddRange([query["state"]!, query["code"]!]);
        using var browser = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        LastPage = await browser.GetStringAsync(back, Ct);
        Assert.Equal(0, await verb.WaitForExitAsync(Ct));
        Terminal = [.. verb.Lines.Where(line => line != address)];
    }
}
