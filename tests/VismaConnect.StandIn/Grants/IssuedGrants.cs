using System.Security.Cryptography;

namespace VismaConnect.StandIn;

/// <summary>
/// Every grant that people gave, with its code and its refresh tokens. One lock makes each exchange one step, as the real
/// server's transaction does: of two that present the same token at once, one is the first.
/// </summary>
public sealed class IssuedGrants
{
    private static readonly StandInError invalidGrant = new("invalid_grant");

    private readonly Lock gate = new();
    private readonly Dictionary<string, CodeState> codes = [];
    private readonly Dictionary<string, RefreshTokenState> refreshTokens = [];
    private readonly List<FamilyState> families = [];
    private readonly TimeProvider time;
    private readonly Ledger ledger;

    internal IssuedGrants(TimeProvider time, Ledger ledger)
    {
        this.time = time;
        this.ledger = ledger;
    }

    /// <summary>Every family as it is now, in order of consent.</summary>
    public IReadOnlyList<GrantFamily> Families
    {
        get
        {
            lock (gate)
            {
                var now = time.GetUtcNow();
                return [.. families.Select(family => family.Snapshot(now))];
            }
        }
    }

    /// <summary>The family of a refresh token; null for anything that never was one.</summary>
    public GrantFamily? FamilyOf(string refreshToken)
    {
        lock (gate)
        {
            return refreshTokens.GetValueOrDefault(refreshToken)?.Family.Snapshot(time.GetUtcNow());
        }
    }

    /// <summary>The refresh tokens of a family that are live now, oldest first. Several only after an exchange within the grace.</summary>
    public IReadOnlyList<string> LiveRefreshTokens(string family)
    {
        lock (gate)
        {
            return [.. families.Where(known => known.Id == family).SelectMany(known => known.LiveValues(time.GetUtcNow()))];
        }
    }

    /// <summary>Revokes a family as a person who withdraws the consent does. False when it is unknown or was revoked before.</summary>
    public bool Withdraw(string family)
    {
        lock (gate)
        {
            return families.Find(known => known.Id == family)?.Revoke(RevocationCause.Withdrawn, time.GetUtcNow()) ?? false;
        }
    }

    /// <summary>Begins a family with its code.</summary>
    internal (string Code, GrantTrace Trace) IssueCode(GrantTerms terms)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            var family = new FamilyState(RandomNumberGenerator.GetHexString(12, lowercase: true), terms, now);
            families.Add(family);
            var value = FamilyState.NewHandle();
            ledger.AddSecret(value);
            var code = new CodeState(family, value, now + terms.Request.Client.AuthorizationCodeLifetime);
            codes.Add(value, code);
            return (value, new GrantTrace(family.Id, 0, GrantVerdict.Granted) { Issued = code.Hash });
        }
    }

    /// <summary>
    /// Exchanges a code. Another client's attempt leaves it as it is; any attempt of its own client uses it up, before the
    /// request's other parts are looked at, as Duende does. A replay revokes what the code gave (RFC 6749 section 4.1.2).
    /// </summary>
    internal GrantOutcome Redeem(string value, StandInClient client, Func<GrantTerms, StandInError?> check)
    {
        lock (gate)
        {
            if (!codes.TryGetValue(value, out var code))
            {
                return new GrantOutcome.Refused(invalidGrant, null);
            }

            var (family, now) = (code.Family, time.GetUtcNow());
            var trace = new GrantTrace(family.Id, 0, GrantVerdict.Refused) { Presented = code.Hash };
            if (!family.IsOf(client))
            {
                return new GrantOutcome.Refused(invalidGrant, trace);
            }

            if (code.IsConsumed)
            {
                return Consumed(family, RevocationCause.ReplayedCode, trace);
            }

            code.IsConsumed = true;
            return Unusable(family, code.ExpiresAt, now) is { } verdict
                    ? new GrantOutcome.Refused(invalidGrant, trace with { Verdict = verdict })
                : check(family.Terms) is { } error ? new GrantOutcome.Refused(error, trace)
                : Accept(
                    family,
                    family.Terms.Request.IsOffline ? family.IssueFirst(now) : null,
                    trace with
                    {
                        Verdict = GrantVerdict.Granted,
                    }
                );
        }
    }

    /// <summary>Spends a refresh token. Only an accepted request consumes it, and only its own client's can revoke its family.</summary>
    internal GrantOutcome Refresh(string value, StandInClient client, Func<GrantTerms, StandInError?> check)
    {
        lock (gate)
        {
            if (!refreshTokens.TryGetValue(value, out var token))
            {
                return new GrantOutcome.Refused(invalidGrant, null);
            }

            var (family, now) = (token.Family, time.GetUtcNow());
            var trace = new GrantTrace(family.Id, token.Generation, GrantVerdict.Refused) { Presented = token.Hash };
            if (!family.IsOf(client))
            {
                return new GrantOutcome.Refused(invalidGrant, trace);
            }

            var isConsumed = token.ConsumedAt is not null;
            family.SpendsOfConsumed += isConsumed ? 1 : 0;
            return Unusable(family, token.ExpiresAt, now) is { } verdict
                    ? new GrantOutcome.Refused(invalidGrant, trace with { Verdict = verdict })
                : !client.AllowOfflineAccess ? new GrantOutcome.Refused(invalidGrant, trace)
                : token.IsConsumedBeyondGrace(now) ? Reused(family, trace)
                : check(family.Terms) is { } error ? new GrantOutcome.Refused(error, trace)
                : Accept(
                    family,
                    family.Spend(token, now),
                    trace with
                    {
                        Verdict = isConsumed ? GrantVerdict.GrantedAgain : GrantVerdict.Granted,
                    }
                );
        }
    }

    /// <summary>Revokes the family of a refresh token. Null when there is none, or it is another client's: then nothing happens.</summary>
    internal GrantTrace? Revoke(string refreshToken, StandInClient client)
    {
        lock (gate)
        {
            if (!refreshTokens.TryGetValue(refreshToken, out var token) || !token.Family.IsOf(client))
            {
                return null;
            }

            var isFirst = token.Family.Revoke(RevocationCause.Requested, time.GetUtcNow());
            return new GrantTrace(token.Family.Id, token.Generation, GrantVerdict.Revoked)
            {
                Presented = token.Hash,
                RevokedFamily = isFirst,
            };
        }
    }

    private static GrantVerdict? Unusable(FamilyState family, DateTimeOffset expiresAt, DateTimeOffset now) =>
        family.Revocation is not null ? GrantVerdict.RefusedRevoked
        : expiresAt <= now ? GrantVerdict.RefusedExpired
        : null;

    private GrantOutcome.Refused Reused(FamilyState family, GrantTrace trace) =>
        family.Settings.RevokesFamilyOnReuse
            ? Consumed(family, RevocationCause.ReusedToken, trace)
            : new GrantOutcome.Refused(invalidGrant, trace with { Verdict = GrantVerdict.RefusedConsumed });

    private GrantOutcome.Refused Consumed(FamilyState family, RevocationCause cause, GrantTrace trace)
    {
        var isFirst = family.Revoke(cause, time.GetUtcNow());
        return new GrantOutcome.Refused(invalidGrant, trace with { Verdict = GrantVerdict.RefusedConsumed, RevokedFamily = isFirst });
    }

    private GrantOutcome.Accepted Accept(FamilyState family, RefreshTokenState? issued, GrantTrace trace)
    {
        if (issued is not null)
        {
            refreshTokens[issued.Value] = issued;
            ledger.AddSecret(issued.Value);
        }

        return new GrantOutcome.Accepted(family.Terms, issued, trace with { Issued = issued?.Hash });
    }
}
