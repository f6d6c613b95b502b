using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Publishing;

namespace VismaOperator.Grants;

/// <summary>
/// Whether a token may be published. A person who consents chooses a company at the provider, and may choose another one than the manifest
/// says; the request passes through a browser, where its scopes can be changed. A provider may grant more than its answer states. What is
/// published must never be a key to the wrong company, nor to more than the client's owner allows, so the claims of the token count too.
/// </summary>
internal static class GrantedTokenCheck
{
    /// <summary>Why the token must not be published; null when it may.</summary>
    /// <param name="connection">For which connection.</param>
    /// <param name="client">Its client, whose owner may limit the scopes; null while it cannot be used.</param>
    /// <param name="accessToken">The token.</param>
    /// <param name="scopes">What was granted; null when the provider did not say.</param>
    public static Problem? ProblemOf(
        VismaConnection connection,
        ResolvedClient? client,
        Sensitive accessToken,
        IReadOnlyList<string>? scopes
    ) => ProblemOf(connection, client, TokenClaims.Of(accessToken), scopes);

    /// <summary>The same of a token whose claims were read already.</summary>
    public static Problem? ProblemOf(
        VismaConnection connection,
        ResolvedClient? client,
        TokenClaims claims,
        IReadOnlyList<string>? scopes
    ) =>
        ProblemOfTenant(connection, claims)
        ?? client?.ScopeLimitFor(connection)?.ProblemWith(BelievedToken.ScopesOf(scopes, claims, connection));

    /// <summary>
    /// The same of what a consent has just given: there, more than was asked for means that somebody changed the request.
    /// </summary>
    public static Redemption.Failed? OfConsent(VismaConnection connection, ResolvedClient client, TokenSet tokens)
    {
        var claims = TokenClaims.Of(tokens.AccessToken);
        if (ProblemOfTenant(connection, claims) is { } ofTenant)
        {
            return new Redemption.Failed(ofTenant, ConsentFailureCause.OtherTenant);
        }

        var scopes = BelievedToken.ScopesOf(tokens.GrantedScopes, claims, connection);
        return (client.ScopeLimitFor(connection)?.ProblemWith(scopes) ?? ProblemOfRequest(connection, scopes)) is { } ofScopes
            ? new Redemption.Failed(ofScopes, ConsentFailureCause.OtherScopes)
            : null;
    }

    private static Problem? ProblemOfRequest(VismaConnection connection, IReadOnlyList<string>? scopes) =>
        GrantedScopes.Unasked(ConnectionRequests.AskedScopes(connection), scopes) is { Count: > 0 } unasked
            ? new Problem(
                Reason.ScopesExceeded,
                $"The consent gives more than was asked for, so it is not used: {GrantedScopes.Named(unasked)}. "
                    + "The request was changed on its way, or the provider grants more than it is asked for. Consent again, or add "
                    + "these scopes to spec.scopes if they are wanted."
            )
            : null;

    private static Problem? ProblemOfTenant(VismaConnection connection, TokenClaims claims)
    {
        if (connection.Spec.TenantId is not { } wanted)
        {
            return null;
        }

        // With client credentials the request names the tenant, and not every application has the claim.
        var isOfAPerson = connection.Spec.Grant == Grant.AuthorizationCode;
        return claims.TenantId switch
        {
            null when !isOfAPerson => null,
            null => new Problem(
                Reason.TenantNotVerified,
                $"The token does not say which tenant it is for (claim tenant_id), so it is unknown whether it is {wanted}, and it "
                + "is not published. Enable the claim for the application in the Visma developer portal (scope tenants as identity "
                + "claim, or a tenant-enabled API), then consent again."
            ),
            var found when BelievedToken.IsSameTenant(found, wanted) => null,
            var found => new Problem(
                Reason.TenantMismatch,
                $"The token is for tenant {found}, and spec.tenantID is {wanted}, so it is not published. "
                    + (
                        isOfAPerson
                            ? "Consent again and choose the right company, or correct spec.tenantID."
                            : "Correct spec.tenantID, or ask Visma why the provider answers with another tenant's token."
                    )
            ),
        };
    }
}
