using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace VismaConnect.StandIn;

/// <summary>
/// The ERP API, versions 1 and 2: it answers by the tenant, the scopes and the time of the token that it is given, and counts requests for
/// each pair of tenant and client. Versions are per resource, as at Visma: what is in one need not be in the other.
/// </summary>
internal sealed class ErpApi(Portal portal, TimeProvider time, Func<string> issuer)
{
    private static readonly TimeSpan window = TimeSpan.FromHours(1);

    private static readonly Dictionary<string, string> resources = new(StringComparer.OrdinalIgnoreCase)
    {
        ["/v1/dimension"] = """["DEPARTMENT","PROJECT"]""",
        ["/v1/organization"] = """[{"number":1,"name":"Acme AS","status":"Active"}]""",
        ["/v1/account"] = """[{"accountID":1000,"description":"Bank"}]""",
        ["/v2/customerinvoice"] = """[{"documentType":"Invoice","referenceNumber":"100001"}]""",
        ["/v2/currencyrate"] = """[{"fromCurrencyId":"EUR","toCurrencyId":"NOK"}]""",
    };

    private readonly ConcurrentDictionary<(string? Tenant, string? Client), (DateTimeOffset Since, int Count)> used = new();

    public static void Map(WebApplication application, Desk desk, ErpApi api)
    {
        foreach (var version in (string[])["v1", "v2"])
        {
            application.MapGet($"/{version}/{{**path}}", (HttpContext context) => api.ServeAsync(context, desk));
        }
    }

    private Task ServeAsync(HttpContext context, Desk desk)
    {
        var claims = ClaimsOf(context.Request.Headers.Authorization.ToString());
        var asked = new AskedFor(Text(claims, "client_id"), null, null, Text(claims, "tenant_id"), ScopesOf(claims));
        return desk.ServeAsync(context, StandInEndpoint.Api, asked, () => Answer(context.Request.Path, claims, asked));
    }

    // A wrong path is 404 also without a token; a right one is 401.
    private Reply Answer(string path, JsonObject? claims, AskedFor asked)
    {
        if (!resources.TryGetValue(path.TrimEnd('/'), out var body))
        {
            return Error(404, $"No HTTP resource was found that matches the request URI {path}.", "not found");
        }

        if (claims is null || !IsInTime(claims))
        {
            return Error(401, "Authorization has been denied for this request.", "unauthorized");
        }

        var (left, reset) = Count(asked);
        var reply = left < 0 ? Limited(reset) : Decide(asked, body);
        return reply
            .With("X-RateLimit-Limit", Number(portal.ApiRequestsPerHour))
            .With("X-RateLimit-Remaining", Number(Math.Max(left, 0)))
            .With("X-RateLimit-Reset", Number((long)Math.Ceiling(reset.TotalSeconds)))
            .With("X-RateLimit-Policy", "4-fixed-window (Standard)")
            .With("Ipp-Request-Id", RandomNumberGenerator.GetHexString(32));
    }

    private Reply Decide(AskedFor asked, string body)
    {
        if (asked.TenantId is null || portal.FindTenant(asked.TenantId) is not { Kind: TenantKind.Company } company)
        {
            return Error(401, "Authorization has been denied for this request.", "unauthorized");
        }

        if (!company.IsLicensed)
        {
            return Reply.Json(500, Bodies.OfErpFault("12027", "No license for this company."), "12027");
        }

        return asked.Scopes.Any(scope => scope is "vismanet_erp_service_api:read" or "vismanet_erp_interactive_api:read")
            ? Reply.Json(200, body, "answered")
            : Error(403, "The scope is not sufficient.", "forbidden");
    }

    private static Reply Limited(TimeSpan reset) =>
        Error(429, "API calls quota exceeded.", "limited").With("Retry-After", Number((long)Math.Ceiling(reset.TotalSeconds)));

    private (int Left, TimeSpan Reset) Count(AskedFor asked)
    {
        var now = time.GetUtcNow();
        var (since, count) = used.AddOrUpdate(
            (asked.TenantId, asked.ClientId),
            _ => (now, 1),
            (_, known) => known.Since + window <= now ? (now, 1) : (known.Since, known.Count + 1)
        );
        return (portal.ApiRequestsPerHour - count, since + window - now);
    }

    private bool IsInTime(JsonObject claims) =>
        claims["iss"]?.GetValue<string>() == issuer()
        && claims["exp"]?.GetValue<long>() is { } end
        && end > time.GetUtcNow().ToUnixTimeSeconds();

    private static JsonObject? ClaimsOf(string authorization) =>
        authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? JwtSigner.Verify(authorization["Bearer ".Length..])
            : null;

    private static string? Text(JsonObject? claims, string name) => claims?[name]?.GetValue<string>();

    private static IReadOnlyList<string> ScopesOf(JsonObject? claims) => claims?["scope"] switch
    {
        JsonArray list => [.. list.Select(scope => scope!.GetValue<string>())],
        JsonValue text => TokenForm.Split(text.GetValue<string>()),
        _ => [],
    };

    private static Reply Error(int status, string message, string outcome) =>
        Reply.Json(status, new JsonObject { ["Message"] = message }.ToJsonString(), outcome);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
