using Kubernetes.Client.Resources;
using Lifecycle;
using OAuth;
using VismaOperator.Api;

namespace VismaOperator.Publishing;

/// <summary>
/// How much is believed of a token that is in its Secret but not in status, since a process ended before it could record it. Somebody who
/// may write the Secret can write all of its annotations. So they are believed only as far as status or the token's own claims confirm
/// them, and for no longer than such a token can live: then the next renewal comes in time in any case.
/// </summary>
internal static class BelievedToken
{
    // The longest that the schema allows in status.
    private const int MaxHashLength = 128;

    // The clocks of a provider and of two replicas differ by less than this.
    private static readonly TimeSpan tolerance = TimeSpan.FromMinutes(1);

    /// <summary>What the content is, when nothing is taken on the word of the Secret alone.</summary>
    /// <param name="content">What it says that it is.</param>
    /// <param name="secret">The Secret.</param>
    /// <param name="connection">Whose it is.</param>
    /// <param name="recorded">The token that status says is published; null when there is none.</param>
    /// <param name="now">The present.</param>
    public static ContentFacts Of(
        ContentFacts content,
        Secret secret,
        VismaConnection connection,
        TokenRecord? recorded,
        DateTimeOffset now
    )
    {
        if (content is not ContentFacts.Unrecorded { Token: var found } unrecorded)
        {
            return content;
        }

        var claims = TokenClaims.Of(Sensitive.From(secret.Data![StandardKeys.AccessToken].RevealText()));
        if (IsDisproved(found, claims, connection, now))
        {
            return new ContentFacts.Lost();
        }

        var scopes = GrantedScopes.Recordable(
            ConnectionRequests.AskedScopes(connection),
            ScopesOf(found.GrantedScopes, claims, connection)
        );
        var believed = found with { GrantedScopes = scopes };
        return unrecorded with { Token = Capped(believed, claims, connection, recorded) };
    }

    /// <summary>
    /// The scopes that a token has: those that the answer, or the Secret, states, and those that the token itself names besides.
    /// </summary>
    public static IReadOnlyList<string>? ScopesOf(IReadOnlyList<string>? stated, TokenClaims claims, VismaConnection connection) =>
        GrantedScopes.Unasked(stated is { Count: > 0 } ? stated : ConnectionRequests.AskedScopes(connection), claims.Scopes)
            is { Count: > 0 } more
            ? [.. stated is { Count: > 0 } ? stated : claims.Scopes!.Except(more, StringComparer.Ordinal), .. more]
            : stated;

    /// <summary>True when both identify one tenant: a GUID can be written in several ways.</summary>
    public static bool IsSameTenant(string tenant, string other) =>
        string.Equals(tenant, other, StringComparison.OrdinalIgnoreCase)
        || (Guid.TryParse(tenant, out var one) && Guid.TryParse(other, out var two) && one == two);

    private static bool IsDisproved(TokenRecord found, TokenClaims claims, VismaConnection connection, DateTimeOffset now) =>
        found.IssueTime > now + tolerance
        || found.ExpirationTime <= found.IssueTime
        || found.Inputs.Length > MaxHashLength
        || found.Layout.Length > MaxHashLength
        || (claims.TenantId is { } tenant && connection.Spec.TenantId is { } wanted && !IsSameTenant(tenant, wanted));

    // The Secret is written once more, so that it no longer says what is not believed.
    private static TokenRecord Capped(TokenRecord found, TokenClaims claims, VismaConnection connection, TokenRecord? recorded)
    {
        var expires = Earliest(
            found.ExpirationTime,
            found.IssueTime + (recorded?.Lifetime ?? RefreshSchedule.LifetimeWhenUnstated),
            claims.ExpirationTime is { } claimed && claimed + tolerance < found.ExpirationTime ? claimed : null);
        var end = Later(expires, found.IssueTime + TimeSpan.FromSeconds(1));
        return expires == found.ExpirationTime ? found : found with
        {
            ExpirationTime = expires,
            RefreshTime = ConnectionFactsReader.RefreshTime(connection, found.IssueTime, end),
            IsRewriteDue = true,
        };
    }

    private static DateTimeOffset Earliest(DateTimeOffset first, DateTimeOffset second, DateTimeOffset? third)
    {
        var earlier = first < second ? first : second;
        return third < earlier ? third.Value : earlier;
    }

    private static DateTimeOffset Later(DateTimeOffset first, DateTimeOffset second) => first > second ? first : second;
}
