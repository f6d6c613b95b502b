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

    /// <summary>The ERP interactive API, and the identity scopes that may come with it.</summary>
    public static readonly IReadOnlyList<string> Interactive =
    [
        "vismanet_erp_interactive_api:read", "vismanet_erp_interactive_api:create",
        "vismanet_erp_interactive_api:update", "vismanet_erp_interactive_api:delete",
        "openid", "profile", "email", "tenants",
    ];

    internal const string OfflineAccess = "offline_access";

    /// <summary>Scopes that name claims of a person rather than an API.</summary>
    internal static readonly IReadOnlySet<string> Identity = new HashSet<string> { "openid", "profile", "email", "tenants", "roles" };

    /// <summary>Client credentials may not ask for these: no person is there.</summary>
    internal static bool IsForPeopleOnly(string scope) => Identity.Contains(scope) || scope == OfflineAccess;

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
