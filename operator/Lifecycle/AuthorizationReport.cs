using System.Globalization;

namespace Lifecycle;

/// <summary>What status says of a person's grant (<c>status.authorization</c>). A report without it says nothing of the kind.</summary>
public sealed record AuthorizationReport
{
    /// <summary>The link at which a person can consent; null while none is needed.</summary>
    public Invitation? Invitation { get; init; }

    /// <summary>The grant that is stored; null where none is, and status keeps what it said of the last one.</summary>
    public GrantRecord? Grant { get; init; }

    /// <summary>The last consent, when it gave no grant; see <see cref="ConsentFacts.LastFailure"/>.</summary>
    public ConsentFailure? LastFailure { get; init; }

    /// <summary>The report; null for connections that need no grant.</summary>
    internal static AuthorizationReport? Of(Facts facts, DateTimeOffset now) =>
        facts.Grant is GrantFacts.NotNeeded
            ? null
            : new AuthorizationReport
            {
                Invitation = GrantRules.OffersLink(facts, now) ? facts.Consent.Invitation : null,
                Grant = (facts.Grant as GrantFacts.Held)?.Grant,
                LastFailure = facts.Consent.LastFailure,
            };

    internal static IEnumerable<ConditionReport> ConditionsOf(Facts facts, DateTimeOffset now)
    {
        if (facts.Grant is not GrantFacts.NotNeeded)
        {
            yield return Authorized(facts);
        }

        if (facts.Grant is GrantFacts.Held { Grant: { RefusalTime: null, ConsentExpirationTime: { } expiry } })
        {
            yield return Expiring(facts, expiry, now);
        }
    }

    /// <summary>When the conditions change by themselves; null when they do not.</summary>
    internal static DateTimeOffset? NextChange(Facts facts, DateTimeOffset now) =>
        facts.Grant is GrantFacts.Held { Grant: { RefusalTime: null, ConsentExpirationTime: { } expiry } }
            ? ExpiryWarnings.NextStep(expiry, now)
            : null;

    private static ConditionReport Authorized(Facts facts) =>
        facts.Grant switch
        {
            GrantFacts.None when facts.Consent.LastFailure is { Problem: var problem } => Not(
                problem with
                {
                    Message = $"{problem.Message} {ConsentLacking.Of(facts).Message}",
                }
            ),
            GrantFacts.Unusable { Problem: { Kind: not FailureKind.NeedsConsent } problem } => Not(problem),
            GrantFacts.Held { Grant: { IsBound: true, RefusalTime: null } grant } => new(
                ConditionType.Authorized,
                IsTrue: true,
                Reason.ConsentGranted,
                WithLater(facts, Granted(grant))
            ),
            _ => Not(ConsentLacking.Of(facts) with { Message = WithLater(facts, ConsentLacking.Of(facts).Message) }),
        };

    private static string WithLater(Facts facts, string text) =>
        facts is { Grant: GrantFacts.Held, Consent.LastFailure: { Problem: var problem } failure }
            ? $"{text} A later consent, at {InstantText.Of(failure.Time)}, gave no grant ({problem.Reason}): {problem.Message}"
            : text;

    private static ConditionReport Not(Problem problem) => new(ConditionType.Authorized, IsTrue: false, problem.Reason, problem.Message);

    private static string Granted(GrantRecord grant) =>
        $"Consent of {grant.GrantedBy ?? "a person"} at {InstantText.Of(grant.GrantTime)} is in use.";

    private static ConditionReport Expiring(Facts facts, DateTimeOffset expiry, DateTimeOffset now)
    {
        var day = expiry.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var remedy = $"Have a person consent again: {ConsentLacking.How(facts)}";
        var end = expiry <= now ? $"The consent ended on {day}." : $"The consent ends on {day} ({ExpiryWarnings.Left(expiry, now)}).";
        return ExpiryWarnings.IsDue(expiry, now)
            ? new(
                ConditionType.ConsentExpiring,
                IsTrue: true,
                Reason.ConsentExpiresSoon,
                $"{end} {remedy}"
            )
            : new(ConditionType.ConsentExpiring, IsTrue: false, Reason.NoConsentExpiresSoon, "The consent does not end within 30 days.");
    }
}
