using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace VismaConnect.StandIn;

/// <summary>Issues access tokens: JWTs signed with RS256, with the claims Visma documents for services.</summary>
internal sealed class AccessTokens(TimeProvider time)
{
    /// <summary>One key a process: making it takes longer than a test should.</summary>
    private static readonly Lazy<RSA> Key = new(() => RSA.Create(2048));

    private const string KeyId = "stand-in";

    public string Issue(string issuer, TokenDecision.Grant grant, TimeSpan lifetime)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = issuer,
            ["nbf"] = now,
            ["exp"] = now + (long)lifetime.TotalSeconds,
            ["aud"] = List(grant.Scopes.Select(ErpScopes.AudienceOf).Distinct()),
            ["scope"] = List(grant.Scopes),
            ["client_id"] = grant.Client.ClientId,
            ["jti"] = RandomNumberGenerator.GetHexString(32),
        };
        if (grant.TenantId is not null)
        {
            claims["tenant_id"] = grant.TenantId;
        }

        var header = new JsonObject { ["alg"] = "RS256", ["kid"] = KeyId, ["typ"] = "JWT" };
        return Sign(Encode(header) + "." + Encode(claims));
    }

    /// <summary>The public key (RFC 7517).</summary>
    public static string KeySet()
    {
        var parameters = Key.Value.ExportParameters(includePrivateParameters: false);
        var key = new JsonObject
        {
            ["kty"] = "RSA",
            ["use"] = "sig",
            ["kid"] = KeyId,
            ["alg"] = "RS256",
            ["n"] = Base64Url.EncodeToString(parameters.Modulus),
            ["e"] = Base64Url.EncodeToString(parameters.Exponent),
        };
        return new JsonObject { ["keys"] = new JsonArray(key) }.ToJsonString();
    }

    private static string Sign(string content)
    {
        lock (Key)
        {
            var signature = Key.Value.SignData(Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            return content + "." + Base64Url.EncodeToString(signature);
        }
    }

    private static string Encode(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));

    private static JsonArray List(IEnumerable<string> values) => [.. values.Select(value => (JsonNode)value)];
}
