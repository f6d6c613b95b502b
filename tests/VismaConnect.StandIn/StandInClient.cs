namespace VismaConnect.StandIn;

/// <summary>An application of the developer portal.</summary>
/// <param name="ClientId">Its client id, at most 100 characters.</param>
public sealed record StandInClient(string ClientId)
{
    /// <summary>What an interactive Web application is granted: <see cref="AllowedGrants"/>.</summary>
    public static readonly IReadOnlyList<string> InteractiveGrants = ["authorization_code", "refresh_token"];

    /// <summary>Several may be valid at once, as in Duende's <c>Client.ClientSecrets</c>.</summary>
    public IReadOnlyList<StandInSecret> Secrets { get; init; } = [];

    /// <summary>
    /// What may be asked for, and what client credentials are granted when no scope is sent. <c>offline_access</c> has its own setting.
    /// </summary>
    public IReadOnlyList<string> AllowedScopes { get; init; } = ErpScopes.Service;

    /// <summary>Grants that the portal enabled.</summary>
    public IReadOnlyList<string> AllowedGrants { get; init; } = ["client_credentials"];

    /// <summary>Where people may be sent back to; compared character by character.</summary>
    public IReadOnlyList<string> RedirectUris { get; init; } = [];

    /// <summary>Whether <c>offline_access</c> may be asked for. Taken away, refresh tokens read <c>invalid_grant</c>.</summary>
    public bool AllowOfflineAccess { get; init; }

    /// <summary>Whether an authorization request must carry a code challenge; optional for Web applications at Visma.</summary>
    public bool RequirePkce { get; init; }

    /// <summary>How its refresh tokens behave.</summary>
    public StandInRefreshTokens RefreshTokens { get; init; } = new();

    /// <summary>How long a code is good for.</summary>
    public TimeSpan AuthorizationCodeLifetime { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Whether access tokens carry <c>tenant_id</c>; at Visma those of tenant-enabled applications do.</summary>
    public bool HasTenantClaim { get; init; } = true;

    /// <summary>
    /// Whether a <c>tenant_id</c> sent with a code or a refresh token must be the company that the person chose. What Visma does with it is
    /// not published.
    /// </summary>
    public bool ComparesTenants { get; init; } = true;

    /// <summary>What is granted regardless of the request; null to grant what was asked for.</summary>
    public IReadOnlyList<string>? GrantedScopes { get; init; }

    /// <summary>
    /// Whether answers say what was granted; a server may leave that out where it is what was asked for (RFC 6749 section 5.1).
    /// </summary>
    public bool StatesScopes { get; init; } = true;

    /// <summary>
    /// What the <c>scope</c> claim of its access tokens says; null for a list of what was granted. A text where it has one member.
    /// </summary>
    public IReadOnlyList<string>? ClaimedScopes { get; init; }

    /// <summary>What the <c>tenant_id</c> claim of its access tokens says; null for the tenant that the token is for.</summary>
    public string? ClaimedTenant { get; init; }

    /// <summary>A disabled client is answered like an unknown one.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Lifetime of its access tokens; null for the server's.</summary>
    public TimeSpan? AccessTokenLifetime { get; init; }

    internal bool MayAskPeopleFor(string scope) => scope == ErpScopes.OfflineAccess ? AllowOfflineAccess : AllowedScopes.Contains(scope);
}
