namespace VismaConnect.StandIn;

/// <summary>
/// Decides token requests in Duende's order: form, client, grant, then what the grant asks for. Every refusal is a code; which secret was
/// wrong, expired or missing, or whether the client exists, is not revealed by it.
/// </summary>
internal sealed class TokenRules(Portal portal, ClientAuthentication authentication, InteractiveRules people)
{
    /// <summary>What the real discovery document lists.</summary>
    public static readonly IReadOnlyList<string> KnownGrants =
    [
        "authorization_code", "client_credentials", "refresh_token", "implicit", "urn:ietf:params:oauth:grant-type:device_code",
        "urn:openid:params:grant-type:ciba", "delegation", "urn:ietf:params:oauth:grant-type:token-exchange",
    ];

    /// <summary>Duende's default for the whole scope parameter.</summary>
    public const int MaxScopeLength = 300;

    public TokenDecision Decide(TokenForm form) =>
        Judge(form) is var decision && decision is TokenDecision.Grant { Client.GrantedScopes: { } instead } grant
            ? grant with
            {
                Scopes = instead,
            }
            : decision;

    private TokenDecision Judge(TokenForm form)
    {
        if (form.Fields is null)
        {
            return Refuse("invalid_request");
        }

        if (authentication.Authenticate(form) is not { } client)
        {
            return Refuse("invalid_client");
        }

        if (RefusalOfGrant(form.Asked.GrantType, client) is { } refusal)
        {
            return Refuse(refusal);
        }

        return form.Asked.GrantType switch
        {
            "client_credentials" => DecideForMachine(form, client),
            "authorization_code" => people.Redeem(form, client),
            "refresh_token" => people.Refresh(form, client),
            _ => Refuse("invalid_grant"), // the stand-in gives out nothing that these grants could present
        };
    }

    private static string? RefusalOfGrant(string? grant, StandInClient client)
    {
        if (grant is null || !KnownGrants.Contains(grant))
        {
            return "unsupported_grant_type";
        }

        return client.AllowedGrants.Contains(grant) ? null : "unauthorized_client";
    }

    private TokenDecision DecideForMachine(TokenForm form, StandInClient client)
    {
        if (ScopesFor(form, client) is not { } scopes)
        {
            return Refuse("invalid_scope");
        }

        return TenantIsFine(form.Asked, scopes)
            ? new TokenDecision.Grant(client, scopes, form.Asked.TenantId)
            : new TokenDecision.Refuse(portal.TenantError);
    }

    /// <summary>Null when a scope is refused. Omitted means all that the client may have.</summary>
    private static IReadOnlyList<string>? ScopesFor(TokenForm form, StandInClient client)
    {
        var forMachines = client.AllowedScopes.Where(scope => !ErpScopes.IsForPeopleOnly(scope)).ToList();
        if (form.Field("scope") is not { } asked)
        {
            return forMachines.Count > 0 ? forMachines : null;
        }

        var scopes = TokenForm.Split(asked).Distinct().ToList();
        return asked.Length <= MaxScopeLength && scopes.Count > 0 && scopes.All(forMachines.Contains) ? scopes : null;
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
