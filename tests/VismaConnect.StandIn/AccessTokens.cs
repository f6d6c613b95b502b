using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace VismaConnect.StandIn;

/// <summary>Issues access tokens with the claims Visma documents; <c>sub</c> and <c>auth_time</c> only where a person consented.</summary>
internal sealed class AccessTokens(TimeProvider time)
{
    public string Issue(string issuer, TokenDecision.Grant grant, TimeSpan lifetime)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = issuer,
            ["nbf"] = now,
            ["exp"] = now + (long)lifetime.TotalSeconds,
            ["aud"] = List(grant.Scopes.Where(scope => !ErpScopes.IsForPeopleOnly(scope)).Select(ErpScopes.AudienceOf).Distinct()),
            ["scope"] = grant.Client.ClaimedScopes is [var text] ? text : List(grant.Client.ClaimedScopes ?? grant.Scopes),
            ["client_id"] = grant.Client.ClientId,
            ["jti"] = RandomNumberGenerator.GetHexString(32),
        };
        if (grant.Terms?.Person is { } person)
        {
            claims["sub"] = person.User.Subject;
            claims["auth_time"] = person.Time.ToUnixTimeSeconds();
        }

        if (grant.TenantId is not null && grant.Client.HasTenantClaim)
        {
            claims["tenant_id"] = grant.Client.ClaimedTenant ?? grant.TenantId;
        }

        return JwtSigner.Sign(claims);
    }

    private static JsonArray List(IEnumerable<string> values) => [.. values.Select(value => (JsonNode)value)];
}
