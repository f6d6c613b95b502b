using Lifecycle;
using OAuth;
using VismaOperator.VismaConnections;
using Problem = Lifecycle.Problem;

namespace VismaOperator.Grants;

/// <summary>
/// Whether a token that a person's consent gave is for the tenant of the spec. The person chooses a company at the provider, and may choose another one than
/// the manifest says; what is published must never be a key to the wrong one.
/// </summary>
internal static class TenantCheck
{
    /// <summary>What is wrong; null when the tenant is the spec's, or the spec names none.</summary>
    public static Problem? ProblemOf(VismaConnection connection, TokenSet tokens)
    {
        if (connection.Spec.TenantId is not { } wanted)
        {
            return null;
        }

        return TokenClaims.Of(tokens.AccessToken).TenantId switch
        {
            null => new Problem(
                Reason.TenantNotVerified,
                $"The token does not say which tenant it is for (claim tenant_id), so it cannot be told whether it is {wanted}, and it is not published. Enable the claim for the application in the Visma developer portal (scope tenants as identity claim, or a tenant-enabled API), then consent again."),
            var found when string.Equals(found, wanted, StringComparison.OrdinalIgnoreCase) => null,
            var found => new Problem(
                Reason.TenantMismatch,
                $"The token is for tenant {found}, and spec.tenantID is {wanted}, so it is not published. Consent again and choose the right company, or correct spec.tenantID."),
        };
    }
}
