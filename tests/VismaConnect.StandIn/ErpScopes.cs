namespace VismaConnect.StandIn;

/// <summary>Scopes of the ERP APIs and what they mean to the server.</summary>
public static class ErpScopes
{
    /// <summary>The ERP service API.</summary>
    public static readonly IReadOnlyList<string> Service =
    [
        "vismanet_erp_service_api:read", "vismanet_erp_service_api:create",
        "vismanet_erp_service_api:update", "vismanet_erp_service_api:delete",
    ];

    /// <summary>Identity scopes and offline access, which client credentials may not ask for.</summary>
    internal static readonly IReadOnlySet<string> ForPeopleOnly =
        new HashSet<string> { "openid", "profile", "email", "tenants", "roles", "offline_access" };

    internal static bool NeedsTenant(string scope) =>
        scope.StartsWith("vismanet_erp_service_api:", StringComparison.Ordinal)
        || scope.StartsWith("visma.net.erp.salesorder:", StringComparison.Ordinal);

    /// <summary>The audience follows from the API's name; the ERP service's is known.</summary>
    internal static string AudienceOf(string scope)
    {
        var api = scope.Split(':')[0];
        return api == "vismanet_erp_service_api" ? "api.finance.visma.net/erp/service" : api;
    }
}
