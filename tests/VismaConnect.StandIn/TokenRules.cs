namespace VismaConnect.StandIn;

/// <summary>
/// Decides token requests in Duende's order: form, client, grant, scopes, tenant. Every refusal is a code; which secret was
/// wrong, expired or missing, or whether the client exists, cannot be told from it.
/// </summary>
internal sealed class TokenRules(Portal portal, TimeProvider time)
{
    /// <summary>What the real discovery document lists.</summary>
    public static readonly IReadOnlyList<string> KnownGrants =
    [
        "authorization_code", "client_credentials", "refresh_token", "implicit", "urn:ietf:params:oauth:grant-type:device_code",
        "urn:openid:params:grant-type:ciba", "delegation", "urn:ietf:params:oauth:grant-type:token-exchange",
    ];

    /// <summary>Duende's default for the whole scope parameter.</summary>
    private const int MaxScopeLength = 300;

    public TokenDecision Decide(TokenForm form)
    {
        if (!form.IsWellFormed)
        {
            return Refuse("invalid_request");
        }

        if (Authenticate(form) is not { } client)
        {
            return Refuse("invalid_client");
        }

        if (RefusalOfGrant(form.Asked.GrantType, client) is { } refusal)
        {
            return Refuse(refusal);
        }

        if (ScopesFor(form, client) is not { } scopes)
        {
            return Refuse("invalid_scope");
        }

        return TenantIsFine(form.Asked, scopes)
            ? new TokenDecision.Grant(client, scopes, form.Asked.TenantId)
            : new TokenDecision.Refuse(portal.TenantError);
    }

    private StandInClient? Authenticate(TokenForm form)
    {
        var client = form.Asked.ClientId is { } id ? portal.FindClient(id) : null;
        var isKnown = client is { IsEnabled: true }
            && client.Secrets.Any(secret => secret.Value == form.ClientSecret && IsValid(secret));
        return isKnown ? client : null;
    }

    private bool IsValid(StandInSecret secret) => secret.ExpirationTime is not { } end || end > time.GetUtcNow();

    private static string? RefusalOfGrant(string? grant, StandInClient client)
    {
        if (grant is null || !KnownGrants.Contains(grant))
        {
            return "unsupported_grant_type";
        }

        if (!client.AllowedGrants.Contains(grant))
        {
            return "unauthorized_client";
        }

        return grant == "client_credentials" ? null : "invalid_grant"; // the interactive grants know no code or refresh token yet
    }

    /// <summary>Null when a scope is refused. Omitted means all that the client may have.</summary>
    private static IReadOnlyList<string>? ScopesFor(TokenForm form, StandInClient client)
    {
        var forMachines = client.AllowedScopes.Where(scope => !ErpScopes.ForPeopleOnly.Contains(scope)).ToList();
        if (form.Scope is null)
        {
            return forMachines.Count > 0 ? forMachines : null;
        }

        var scopes = TokenForm.Split(form.Scope).Distinct().ToList();
        return form.Scope.Length <= MaxScopeLength && scopes.Count > 0 && scopes.All(forMachines.Contains) ? scopes : null;
    }

    private bool TenantIsFine(AskedFor asked, IReadOnlyList<string> scopes)
    {
        if (asked.TenantId is null)
        {
            return !scopes.Any(ErpScopes.NeedsTenant);
        }

        var tenant = portal.FindTenant(asked.TenantId);
        return tenant is not null && (tenant.ApprovedClients is null || tenant.ApprovedClients.Contains(asked.ClientId));
    }

    private static TokenDecision.Refuse Refuse(string code) => new(new StandInError(code));
}

/// <summary>The verdict on a token request.</summary>
internal abstract record TokenDecision
{
    public sealed record Grant(StandInClient Client, IReadOnlyList<string> Scopes, string? TenantId) : TokenDecision;

    public sealed record Refuse(StandInError Error) : TokenDecision;
}
