using System.Security.Cryptography;

namespace VismaConnect.StandIn;

/// <summary>A grant in the store and the rules of its refresh tokens. Guarded by the store's lock.</summary>
internal sealed class FamilyState(string id, GrantTerms terms, DateTimeOffset grantedAt)
{
    private readonly List<RefreshTokenState> tokens = [];
    private DateTimeOffset? revokedAt;

    public string Id => id;

    public GrantTerms Terms => terms;

    public StandInRefreshTokens Settings => terms.Request.Client.RefreshTokens;

    public RevocationCause? Revocation { get; private set; }

    public int SpendsOfConsumed { get; set; }

    public bool IsOf(StandInClient client) => terms.Request.Client.ClientId == client.ClientId;

    /// <summary>The values that are live now, for <see cref="IssuedGrants.LiveRefreshTokens"/>.</summary>
    public IEnumerable<string> LiveValues(DateTimeOffset now) =>
        tokens.Where(token => token.Snapshot(now).IsLive).Select(token => token.Value);

    public RefreshTokenState IssueFirst(DateTimeOffset now) => Issue(1, now);

    /// <summary>
    /// Re-use: the same token, its end put off where it slides. One-time: a successor; the first use counts for the grace.
    /// </summary>
    public RefreshTokenState Spend(RefreshTokenState token, DateTimeOffset now)
    {
        if (Settings.Usage == RefreshTokenUsage.ReUse)
        {
            token.ExpiresAt = Settings.ExpiresAt(grantedAt, now);
            return token;
        }

        token.ConsumedAt ??= now;
        return Issue(token.Generation + 1, now);
    }

    /// <summary>False when it was revoked already: the first cause counts.</summary>
    public bool Revoke(RevocationCause cause, DateTimeOffset now)
    {
        if (Revocation is not null)
        {
            return false;
        }

        (Revocation, revokedAt) = (cause, now);
        return true;
    }

    public GrantFamily Snapshot(DateTimeOffset now) => new(
        id, terms.Request.Client.ClientId, terms.Person.User.Subject, terms.Person.TenantId, terms.Request.Scopes, grantedAt)
    {
        RefreshTokens = [.. tokens.Select(token => token.Snapshot(now))],
        Revocation = Revocation,
        RevokedAt = revokedAt,
        SpendsOfConsumed = SpendsOfConsumed,
    };

    private RefreshTokenState Issue(int generation, DateTimeOffset now)
    {
        var token = new RefreshTokenState(this, NewHandle(), generation, now) { ExpiresAt = Settings.ExpiresAt(grantedAt, now) };
        tokens.Add(token);
        return token;
    }

    /// <summary>A random handle of the shape Duende's have.</summary>
    public static string NewHandle() => RandomNumberGenerator.GetHexString(64) + "-1";
}
