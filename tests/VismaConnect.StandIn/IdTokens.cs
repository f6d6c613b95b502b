using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace VismaConnect.StandIn;

/// <summary>
/// Issues id tokens (OpenID Connect Core section 2): who signed in, and for which company where <c>tenants</c> was asked for.
/// </summary>
internal sealed class IdTokens(TimeProvider time)
{
    /// <summary>Duende's default in seconds.</summary>
    private const long Lifetime = 300;

    /// <summary>Only the answer to the code carries the nonce.</summary>
    public string Issue(string issuer, GrantTerms terms, string accessToken, string? nonce)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var (request, person) = terms;
        var claims = new JsonObject
        {
            ["iss"] = issuer,
            ["nbf"] = now,
            ["iat"] = now,
            ["exp"] = now + Lifetime,
            ["aud"] = request.Client.ClientId,
            ["at_hash"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)).AsSpan(0, 16)),
            ["sub"] = person.User.Subject,
            ["auth_time"] = person.Time.ToUnixTimeSeconds(),
        };
        AddIf(nonce is not null, "nonce", nonce);
        AddIf(request.Scopes.Contains("email"), "email", person.User.Name);
        AddIf(request.Scopes.Contains("tenants"), "tenant_id", person.TenantId);
        return JwtSigner.Sign(claims);

        void AddIf(bool isAsked, string name, string? value)
        {
            if (isAsked)
            {
                claims[name] = value;
            }
        }
    }
}
