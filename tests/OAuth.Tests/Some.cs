using System.Net;
using System.Text;

namespace OAuth.Tests;

/// <summary>Values that are valid and otherwise of no interest to a test.</summary>
internal static class Some
{
    public const string Secret = "s3cret-of-acme";
    public const string RefreshToken = "r3fresh-of-kari";
    public const string Tenant = "2f5c0b7e-7a54-4b07-9f0e-6d1c8f1f0a11";
    public const string Token = "eyJ0.eyJpc3M.c2ln";

    public static readonly Uri Endpoint = new("https://connect.example/connect/token");
    public static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static ClientCredentials Client(
        string secret = Secret,
        ClientAuthenticationMethod method = ClientAuthenticationMethod.ClientSecretPost,
        string id = "isv_acme") => new(id, Sensitive.From(secret), method);

    public static TokenRequest Request(params string[] scopes) => new TokenRequest.ClientCredentialsGrant(
        scopes.Length > 0 ? scopes : ["vismanet_erp_service_api:read"],
        new Dictionary<string, string> { ["tenant_id"] = Tenant });

    /// <summary>The tenant goes along as it may at Visma, and marks the end of the form for <see cref="RawServer"/>.</summary>
    public static TokenRequest Refresh(string token = RefreshToken) =>
        new TokenRequest.RefreshTokenGrant(Sensitive.From(token), new Dictionary<string, string> { ["tenant_id"] = Tenant });

    public static TokenRequest CodeExchange(
        string code = "c0de",
        string verifier = "ver1fier",
        string redirect = "https://operator.example/oauth2/callback"
    ) =>
        new TokenRequest.AuthorizationCodeGrant(
            Sensitive.From(code),
            Sensitive.From(verifier),
            new Uri(redirect),
            new Dictionary<string, string>()
        );

    public static HttpResponseMessage Answer(
        string body,
        HttpStatusCode status = HttpStatusCode.OK,
        string mediaType = "application/json"
    ) => new(status) { Content = new StringContent(body, Encoding.UTF8, mediaType) };

    public static string TokenBody(string extra = "\"expires_in\":3600") =>
        $$"""{"access_token":"{{Token}}","token_type":"Bearer",{{extra}}}""";

    /// <summary>The test's own token, ended after a time that only a hanging test takes.</summary>
    public static CancellationToken Patience()
    {
        var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        return patience.Token;
    }
}
