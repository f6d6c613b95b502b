namespace VismaConnect.StandIn;

/// <summary>A tenant and who may act for it.</summary>
/// <param name="TenantId">A GUID.</param>
public sealed record StandInTenant(string TenantId)
{
    /// <summary>What the pages call it; null for its id.</summary>
    public string? Name { get; init; }

    /// <summary>Whether its tokens are good for the ERP API.</summary>
    public TenantKind Kind { get; init; } = TenantKind.Company;

    /// <summary>Clients that its administrator approved for client credentials; null for all.</summary>
    public IReadOnlyList<string>? ApprovedClients { get; init; }

    /// <summary>Whether the company has a licence for the ERP API; without one its answer is the fault 12027.</summary>
    public bool IsLicensed { get; init; } = true;
}

/// <summary>The two ids a customer has; only one is good for the API.</summary>
public enum TenantKind
{
    /// <summary>A company: token and API work.</summary>
    Company,

    /// <summary>The customer above the companies: a token is issued, and the API answers 401.</summary>
    Customer,
}
