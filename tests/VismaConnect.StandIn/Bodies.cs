using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace VismaConnect.StandIn;

/// <summary>JSON bodies as the real server writes them.</summary>
internal static class Bodies
{
    public static string Of(StandInError error)
    {
        var body = new JsonObject { ["error"] = error.Code };
        if (error.Description is not null)
        {
            body["error_description"] = error.Description;
        }

        return body.ToJsonString();
    }

    public static string Of(TokenAnswer answer)
    {
        var body = new JsonObject();
        AddIfPresent("id_token", answer.IdToken);
        body["access_token"] = answer.AccessToken;
        body["expires_in"] = (long)answer.Lifetime.TotalSeconds;
        body["token_type"] = "Bearer";
        AddIfPresent("refresh_token", answer.RefreshToken);
        AddIfPresent("refresh_token_expires_in", answer.RefreshTokenExpiresIn is { } end ? (long)end.TotalSeconds : null);
        AddIfPresent("scope", answer.Scopes is { } scopes ? string.Join(' ', scopes) : null);
        return body.ToJsonString();

        void AddIfPresent(string name, JsonNode? value)
        {
            if (value is not null)
            {
                body[name] = value;
            }
        }
    }

    /// <summary>The members of the real document that matter; its list of scopes lacks the ERP's, as the real one does.</summary>
    public static string OfMetadata(string issuer, Uri url, StandInOptions options) =>
        new JsonObject
        {
            ["issuer"] = issuer,
            ["jwks_uri"] = At(url, "/.well-known/openid-configuration/jwks"),
            ["authorization_endpoint"] = At(url, "/connect/authorize"),
            ["token_endpoint"] = At(url, "/connect/token"),
            ["userinfo_endpoint"] = At(url, "/connect/userinfo"),
            ["end_session_endpoint"] = At(url, "/connect/endsession"),
            ["check_session_iframe"] = At(url, "/connect/checksession"),
            ["revocation_endpoint"] = At(url, "/connect/revocation"),
            ["introspection_endpoint"] = At(url, "/connect/introspect"),
            ["device_authorization_endpoint"] = At(url, "/connect/deviceauthorization"),
            ["backchannel_authentication_endpoint"] = At(url, "/connect/ciba"),
            ["scopes_supported"] = List(
                "openid",
                "profile",
                "email",
                "tenants",
                "visma.net.erp.ai.mcp:execute",
                "visma.net.erp.blobstorageservice:api",
                "offline_access"
            ),
            ["claims_supported"] = List("sub", "name", "email", "tenant_id"),
            ["grant_types_supported"] = List([.. TokenRules.KnownGrants]),
            ["response_types_supported"] = List(
                "code",
                "token",
                "id_token",
                "id_token token",
                "code id_token",
                "code token",
                "code id_token token"
            ),
            ["response_modes_supported"] = List("form_post", "query", "fragment"),
            ["token_endpoint_auth_methods_supported"] = List("client_secret_basic", "client_secret_post"),
            ["revocation_endpoint_auth_methods_supported"] = List("client_secret_basic", "client_secret_post"),
            ["introspection_endpoint_auth_methods_supported"] = List("client_secret_basic", "client_secret_post"),
            ["id_token_signing_alg_values_supported"] = List("RS256"),
            ["subject_types_supported"] = List("public"),
            ["code_challenge_methods_supported"] = List("plain", "S256"),
            ["prompt_values_supported"] = List("none", "login", "consent", "select_account"),
            ["request_parameter_supported"] = true,
            ["authorization_response_iss_parameter_supported"] = options.SendsAuthorizationResponseIssuer,
        }.ToJsonString();

    /// <summary>A fault of the ERP API.</summary>
    public static string OfErpFault(string code, string message) =>
        new JsonObject
        {
            ["ExceptionType"] = "IPPException",
            ["ExceptionMessage"] = message,
            ["ExceptionFaultCode"] = code,
            ["ExceptionMessageID"] = $"{code}_{RandomNumberGenerator.GetHexString(32)}",
            ["ExceptionDetails"] = "",
        }.ToJsonString();

    private static string At(Uri url, string path) => url.GetLeftPart(UriPartial.Authority) + path;

    private static JsonArray List(params string[] values) => [.. values.Select(value => (JsonNode)value)];
}
