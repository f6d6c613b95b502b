namespace VismaConnect.StandIn;

/// <summary>
/// Decides code and refresh requests of an authenticated client in Duende's order. Every problem of a code or a refresh token is
/// <c>invalid_grant</c>.
/// </summary>
internal sealed class InteractiveRules(Portal portal, IssuedGrants grants)
{
    /// <summary>Duende's default for codes and refresh tokens.</summary>
    private const int MaxHandleLength = 100;

    private static readonly StandInError invalidGrant = new("invalid_grant");

    public TokenDecision Redeem(TokenForm form, StandInClient client) =>
        form.Field("code") is { Length: <= MaxHandleLength } code
            ? Decide(
                grants.Redeem(
                    code,
                    client,
                    terms => RefusalOfRedirect(form, terms) ?? RefusalOfVerifier(form, terms) ?? Refusal(form, client, terms)
                ),
                client
            )
            : new TokenDecision.Refuse(invalidGrant);

    public TokenDecision Refresh(TokenForm form, StandInClient client) =>
        form.Field("refresh_token") switch
        {
            null => new TokenDecision.Refuse(new StandInError("invalid_request")),
            { Length: > MaxHandleLength } => new TokenDecision.Refuse(invalidGrant),
            var token => Decide(grants.Refresh(token, client, terms => Refusal(form, client, terms)), client),
        };

    private static TokenDecision Decide(GrantOutcome outcome, StandInClient client) =>
        outcome switch
        {
            GrantOutcome.Accepted accepted => new TokenDecision.Grant(client, accepted.Terms.Request.Scopes, accepted.Terms.Person.TenantId)
            {
                Terms = accepted.Terms,
                RefreshToken = accepted.RefreshToken,
                Trace = accepted.Trace,
            },
            GrantOutcome.Refused refused => new TokenDecision.Refuse(refused.Error) { Trace = refused.Trace },
            _ => throw new InvalidOperationException("an outcome without a meaning"),
        };

    private static StandInError? RefusalOfRedirect(TokenForm form, GrantTerms terms) =>
        form.Field("redirect_uri") switch
        {
            null => new StandInError("unauthorized_client"),
            var uri => uri == terms.Request.RedirectUri ? null : invalidGrant,
        };

    /// <summary>
    /// A verifier where no challenge was given is refused too: the client believes in a protection that it does not have.
    /// </summary>
    private static StandInError? RefusalOfVerifier(TokenForm form, GrantTerms terms) =>
        (terms.Request.Challenge, form.Field("code_verifier")) switch
        {
            (null, null) => null,
            ({ } challenge, { } verifier) when challenge.IsMetBy(verifier) => null,
            _ => invalidGrant,
        };

    /// <summary>What both grants check of the world as it is now.</summary>
    private StandInError? Refusal(TokenForm form, StandInClient client, GrantTerms terms)
    {
        if (!terms.Request.Scopes.All(client.MayAskPeopleFor))
        {
            return new StandInError("invalid_scope");
        }

        if (portal.FindUser(terms.Person.User.Name) is not { } user || !user.MayActFor(terms.Person.TenantId))
        {
            return invalidGrant;
        }

        return
            terms.Request.Client.ComparesTenants
            && form.Asked.TenantId is { } tenant
            && !tenant.Equals(terms.Person.TenantId, StringComparison.OrdinalIgnoreCase)
            ? portal.TenantError
            : null;
    }
}
