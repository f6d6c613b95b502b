using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace VismaConnect.StandIn;

/// <summary>Signs JWTs with RS256 and publishes the key.</summary>
internal static class JwtSigner
{
    /// <summary>One key a process: making it takes longer than a test should.</summary>
    private static readonly Lazy<RSA> rsa = new(() => RSA.Create(2048));

    private const string KeyId = "stand-in";

    public static string Sign(JsonObject claims)
    {
        var header = new JsonObject { ["alg"] = "RS256", ["kid"] = KeyId, ["typ"] = "JWT" };
        var content = Encode(header) + "." + Encode(claims);
        lock (rsa)
        {
            var signature = rsa.Value.SignData(Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            return content + "." + Base64Url.EncodeToString(signature);
        }
    }

    /// <summary>The claims of a token of ours; null for any other text.</summary>
    public static JsonObject? Verify(string token)
    {
        try
        {
            return token.Split('.') is [var header, var claims, var signature] && IsSigned($"{header}.{claims}", signature)
                ? JsonNode.Parse(Base64Url.DecodeFromChars(claims)) as JsonObject
                : null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return null;
        }
    }

    private static bool IsSigned(string content, string signature)
    {
        lock (rsa)
        {
            return rsa.Value.VerifyData(
                Encoding.ASCII.GetBytes(content),
                Base64Url.DecodeFromChars(signature),
                HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1
            );
        }
    }

    /// <summary>The public key (RFC 7517).</summary>
    public static string KeySet()
    {
        var parameters = rsa.Value.ExportParameters(includePrivateParameters: false);
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

    private static string Encode(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));
}
