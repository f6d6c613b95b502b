using System.Text.Json.Nodes;
using Microsoft.Playwright;
using VismaConnect.StandIn;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>A scene with a connection that waits for a person, and what the person does in a browser.</summary>
internal static class ConsentScene
{
    public const string Person = "kari@acme.example";
    public const string Company = "Acme AS";

    /// <summary>Everything up, with consent pages, and the connection waiting.</summary>
    public static async Task<Scene> OpenAsync(ApiServer server)
    {
        var port = FreePort.Take();
        var pages = new Uri($"http://localhost:{port}");
        var scene = await Scene.OpenAsync(
            server,
            new SceneOptions
            {
                Provider = ProviderFor(pages),
                Arguments =
                [
                    "--public-url",
                    pages.OriginalString,
                    "--consent-port",
                    port.ToString(System.Globalization.CultureInfo.InvariantCulture),
                ],
            }
        );
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        await scene.CreateConnectionAsync(ConnectionSpec());
        await scene.UntilAwaitingConsentAsync();
        return scene;
    }

    public static JsonObject ConnectionSpec()
    {
        var spec = The.ConnectionSpec();
        spec["displayName"] = "Acme AS, production";
        spec["grant"] = "AuthorizationCode";
        spec["scopes"] = new JsonArray("vismanet_erp_interactive_api:read", "vismanet_erp_interactive_api:create");
        return spec;
    }

    /// <summary>
    /// Waits until status offers a link, and reads it as a person would: kubectl get vc -o jsonpath='{.status.authorization.url}'.
    /// </summary>
    public static async Task<string> UntilAwaitingConsentAsync(this Scene scene)
    {
        var connection = await scene.UntilAsync(
            scene.ConnectionPath(),
            "a link",
            node => Url(node) is not null && node.Condition("Authorized")?.Status == "False"
        );
        return Url(connection)!;
    }

    /// <summary>Signs in at the provider for a company.</summary>
    public static async Task SignInAsync(this IPage page, string? tenant = null)
    {
        await page.Locator("#username").FillAsync(Person);
        await page.Locator("#tenant").SelectOptionAsync(tenant ?? The.Tenant);
        await page.Locator("button[value=signin]").ClickAsync();
    }

    /// <summary>Goes from the link to the provider's consent page.</summary>
    public static async Task BeginAsync(this IPage page, string link, string? tenant = null)
    {
        await page.GotoAsync(link);
        await page.Locator("form button").ClickAsync();
        await page.SignInAsync(tenant);
    }

    /// <summary>Goes from the link to the provider, and gives the address there: of a person who has gone and not come back.</summary>
    public static async Task<Uri> LeaveAsync(this IPage page, string link)
    {
        await page.GotoAsync(link);
        var request = await page.RunAndWaitForRequestAsync(
            () => page.Locator("form button").ClickAsync(),
            asked => asked.Url.Contains("/connect/authorize?", StringComparison.Ordinal)
        );
        await page.Locator("#username").WaitForAsync();
        return new Uri(request.Url);
    }

    /// <summary>Goes from the link to the provider and consents there. Gives the answer, which the browser has yet to bring.</summary>
    public static async Task<Uri> ConsentInAsync(this Scene scene, IPage page) =>
        await scene.Provider.ApproveAsync(
            await page.LeaveAsync(await scene.UntilAwaitingConsentAsync()),
            Person,
            The.Tenant,
            TestContext.Current.CancellationToken
        );

    public static Task ApproveAsync(this IPage page) => page.Locator("button[value=approve]").ClickAsync();

    public static Task DenyAsync(this IPage page) => page.Locator("button[value=deny]").ClickAsync();

    private static string? Url(JsonNode connection) => connection["status"]?["authorization"]?["url"]?.GetValue<string>();

    private static StandInOptions ProviderFor(Uri pages) => The.Provider with
    {
        Clients =
        [
            new StandInClient(The.ClientId)
            {
                Secrets = [new StandInSecret(The.ClientSecret)],
                AllowedScopes = ErpScopes.Interactive,
                AllowedGrants = StandInClient.InteractiveGrants,
                AllowOfflineAccess = true,
                RedirectUris = [new Uri(pages, "/oauth2/callback").OriginalString],
                RefreshTokens = new StandInRefreshTokens { Usage = RefreshTokenUsage.OneTime },
                ComparesTenants = false,
            },
        ],
        Users = [new StandInUser(Person, "8f0e-kari") { Tenants = [The.Tenant, The.OtherTenant] }],
    };
}
