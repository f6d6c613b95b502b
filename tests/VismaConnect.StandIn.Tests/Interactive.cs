using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Web;

namespace VismaConnect.StandIn.Tests;

/// <summary>A running stand-in with an interactive client and two people, and the requests such a client sends.</summary>
public sealed class Interactive : IAsyncDisposable
{
    public const string ClientId = "isv_web";
    public const string Secret = "s3cret-of-web";
    public const string RedirectUri = "https://operator.example/oauth2/callback";
    public const string Kari = "kari@acme.example";
    public const string Ola = "ola@acme.example";
    public const string OtherTenant = "99999999-7a54-4b07-9f0e-6d1c8f1f0a11";
    public const string State = "the-state";
    public const string Scope = "vismanet_erp_interactive_api:read offline_access";
    public const string Verifier = "a-verifier-of-at-least-forty-three-characters-0123";

    private Interactive(Running running) => Running = running;

    public static string Challenge { get; } = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    public Running Running { get; }

    public VismaConnectStandIn StandIn => Running.StandIn;

    public GrantFamily Family => StandIn.Grants.Families.Single();

    public GrantTrace LastTrace => StandIn.Ledger.Requests[^1].Grant!;

    public static StandInClient Client { get; } = new(ClientId)
    {
        Secrets = [new StandInSecret(Secret)],
        AllowedScopes = ErpScopes.Interactive,
        AllowedGrants = StandInClient.InteractiveGrants,
        RedirectUris = [RedirectUri],
        AllowOfflineAccess = true,
    };

    /// <summary>One-time tokens with so many seconds of grace.</summary>
    public static StandInRefreshTokens OneTime(int grace = 0) =>
        new() { Usage = RefreshTokenUsage.OneTime, Grace = TimeSpan.FromSeconds(grace) };

    public static Task<Interactive> StartAsync(StandInRefreshTokens? refreshTokens = null) =>
        StartAsync(client => client with { RefreshTokens = refreshTokens ?? new StandInRefreshTokens() });

    public static async Task<Interactive> StartAsync(
        Func<StandInClient, StandInClient> change,
        Func<StandInOptions, StandInOptions>? changeOptions = null
    ) =>
        new(
            await Running.StartAsync(options =>
                (changeOptions ?? (same => same))(
                    options with
                    {
                        Clients =
                        [
                            change(Client),
                            Client with
                            {
                                ClientId = Running.ClientId,
                                Secrets = [new StandInSecret(Running.Secret)],
                            },
                        ],
                        Users =
                        [
                            new StandInUser(Kari, "sub-of-kari") { Tenants = [Running.Tenant] },
                            new StandInUser(Ola, "sub-of-ola") { Tenants = [Running.Tenant, OtherTenant] },
                        ],
                    }
                )
            )
        );

    /// <summary>An authorization URL; a null value leaves its parameter out.</summary>
    public Uri Authorize(params (string Name, string? Value)[] changes)
    {
        var query = new Dictionary<string, string?>
        {
            ["client_id"] = ClientId,
            ["redirect_uri"] = RedirectUri,
            ["response_type"] = "code",
            ["scope"] = Scope,
            ["state"] = State,
            ["code_challenge"] = Challenge,
            ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in changes)
        {
            query[name] = value;
        }

        var pairs = query.Where(pair => pair.Value is not null).Select(pair => pair.Key + "=" + Uri.EscapeDataString(pair.Value!));
        return new Uri(StandIn.AuthorizationEndpoint + "?" + string.Join('&', pairs));
    }

    /// <summary>Kari consents; the code is what the browser is sent back with.</summary>
    public async Task<string> CodeAsync(params (string Name, string? Value)[] changes) =>
        Query(await StandIn.ApproveAsync(Authorize(changes), Kari, cancellationToken: TestContext.Current.CancellationToken), "code")!;

    public Task<Answered> RedeemAsync(string code, params (string Name, string Value)[] changes) =>
        Running.AskAsync([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", RedirectUri),
            ("code_verifier", Verifier),
            .. Credentials,
            .. changes,
        ]);

    /// <summary>Consent and exchange; the first refresh token.</summary>
    public async Task<string> GrantAsync() => (await RedeemAsync(await CodeAsync())).Member("refresh_token")!;

    public Task<Answered> RefreshAsync(string refreshToken, params (string Name, string Value)[] changes) =>
        Running.AskAsync([("grant_type", "refresh_token"), ("refresh_token", refreshToken), .. Credentials, .. changes]);

    public Task<Answered> RevokeAsync(string token, params (string Name, string Value)[] changes)
    {
        var form = new Dictionary<string, string> { ["token"] = token, ["client_id"] = ClientId, ["client_secret"] = Secret };
        foreach (var (name, value) in changes)
        {
            form[name] = value;
        }

        return Running.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, StandIn.RevocationEndpoint) { Content = new FormUrlEncodedContent(form) }
        );
    }

    public static string? Query(Uri url, string name) => HttpUtility.ParseQueryString(url.Query)[name];

    public void Pass(TimeSpan time) => Running.Time.Advance(time);

    public void PassSeconds(double seconds) => Pass(TimeSpan.FromSeconds(seconds));

    public ValueTask DisposeAsync() => Running.DisposeAsync();

    /// <summary>An interactive client sends no tenant and no scope.</summary>
    private static (string Name, string Value)[] Credentials =>
        [("client_id", ClientId), ("client_secret", Secret), ("tenant_id", ""), ("scope", "")];
}
