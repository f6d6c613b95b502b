namespace VismaConnect.StandIn;

/// <summary>A person who can sign in. The stand-in asks for no password.</summary>
/// <param name="Name">The user name, in any case; an e-mail address at Visma.</param>
/// <param name="Subject">The claim <c>sub</c>.</param>
public sealed record StandInUser(string Name, string Subject)
{
    /// <summary>Ids of the companies for which the person may act.</summary>
    public IReadOnlyList<string> Tenants { get; init; } = [];

    /// <summary>A disabled person cannot sign in, and what was granted earlier reads <c>invalid_grant</c>.</summary>
    public bool IsEnabled { get; init; } = true;

    internal bool MayActFor(string tenantId) => IsEnabled && Tenants.Contains(tenantId, StringComparer.OrdinalIgnoreCase);
}
