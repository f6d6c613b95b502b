using System.Globalization;

namespace Lifecycle;

/// <summary>One condition of the report; a type that is not in the report must be absent.</summary>
public sealed record ConditionReport(string Type, bool IsTrue, string Reason, string Message)
{
    /// <summary>Nothing is known yet: neither true nor false.</summary>
    public bool IsUnknown { get; init; }

    /// <summary>The generation of the spec that it is about; null for the present one.</summary>
    public long? Generation { get; init; }
}

/// <summary>
/// What a connection's status should say after a reconcile came to rest, and when to look again. A pure function of
/// the facts and the decision: the same facts give the same report, so that nothing is written while nothing changes.
/// </summary>
public sealed record Report
{
    /// <summary>
    /// No message is longer (characters): events repeat them, and the API server takes 1,024 bytes for the note of an event.
    /// </summary>
    public const int LongestMessage = 1_000;

    // As many as the schema takes.
    private const int MaxOtherSecrets = 16;

    /// <summary>The conditions.</summary>
    public required IReadOnlyList<ConditionReport> Conditions { get; init; }

    /// <summary>
    /// The token to remember: the one in service, a lost one while the request for the next one waits out <see cref="Policy.LeastGap"/>, or
    /// the one on record while a look fails; else null.
    /// </summary>
    public TokenRecord? Token { get; init; }

    /// <summary>The failure to remember; null when there is none.</summary>
    public FailureRecord? Failure { get; init; }

    /// <summary>Names of further Secrets to remember; see <see cref="Facts.OtherSecrets"/>.</summary>
    public IReadOnlyList<string> OtherSecrets { get; init; } = [];

    /// <summary>What Stalled or Reconciling is about; null while neither is reported.</summary>
    public Problem? Problem { get; init; }

    /// <summary>The removal of the Secret to remember; null when there is none to report.</summary>
    public RemovalRecord? Removal { get; init; }

    /// <summary>The request that counts as handled.</summary>
    public string? HandledRequest { get; init; }

    /// <summary>When a request was last attempted, or had to be put off; null when none was.</summary>
    public DateTimeOffset? HandledRequestTime { get; init; }

    /// <summary>The request for a probe that counts as handled; null when there is none, and while probes are off.</summary>
    public string? HandledProbe { get; init; }

    /// <summary>When the next probe is due, which may be past; null when there is none.</summary>
    public DateTimeOffset? NextProbe { get; init; }

    /// <summary>The workloads to remember as restarted, and for which token; empty when there are none.</summary>
    public IReadOnlyList<RestartedWorkload> Restarts { get; init; } = [];

    /// <summary>What to say of a person's grant; null for connections that need none.</summary>
    public AuthorizationReport? Authorization { get; init; }

    /// <summary>True where the grant could not be looked at: what status says of it stays as it is.</summary>
    public bool KeepsAuthorization { get; init; }

    /// <summary>When to look again; null when only a change can bring news.</summary>
    public DateTimeOffset? NextLook { get; init; }

    /// <summary>Composes the report for a decision at which the reconcile came to rest.</summary>
    public static Report Of(Facts facts, Decision decision, DateTimeOffset now)
    {
        var summary = StatusSummary.Of(facts, decision, now);
        // A look that failed did not show that the token is gone, nor does a wake-up before the next look.
        var token = decision is Decision.Wait or Decision.BackOff { Failure.IsOfLooking: true } || facts.FailedLook is not null
            ? facts.Token
            : summary.Token;
        return new Report
        {
            Conditions =
            [
                .. ReadyMessage
                    .WithCauses([.. ConditionsOf(summary), .. AuthorizationReport.ConditionsOf(facts, now)], summary.Outage)
                    .Select(Fitting),
                // After the causes are in the message of Ready: neither a probe nor a restart touches Ready.
                .. summary.Token is not null && ProbeSchedule.ConditionOf(facts) is { } probed ? [probed] : Array.Empty<ConditionReport>(),
                .. summary.Token is { } served && facts.Restart?.ConditionFor(served) is { } told ? [told] : Array.Empty<ConditionReport>(),
            ],
            Restarts = facts.Restart?.Restarted ?? [],
            HandledProbe = ProbeSchedule.HandledRequest(facts),
            NextProbe = ProbeSchedule.NextTime(facts, decision, now),
            Authorization = AuthorizationReport.Of(facts, now),
            Token = token,
            OtherSecrets = facts.OtherSecrets.Count == 0
                ? []
                : [.. facts.OtherSecrets.Where(name => name != token?.SecretName).Distinct().TakeLast(MaxOtherSecrets)],
            Failure = FailureOf(facts, decision, now),
            Problem = summary.IsStalled || summary.IsReconciling ? summary.Problem : null,
            Removal = Policy.CurrentRemoval(facts),
            HandledRequest = HandledBy(facts, decision, now),
            HandledRequestTime = facts.Connection.HandledRequestTime,
            NextLook = NextLookOf(summary, decision, now),
        };
    }

    private static IEnumerable<ConditionReport> ConditionsOf(StatusSummary summary)
    {
        yield return ReadyReport.Of(summary);
        if (summary.IsReconciling)
        {
            yield return new(ConditionType.Reconciling, IsTrue: true, summary.Problem!.Reason, summary.Problem.Message);
        }

        if (summary.IsStalled)
        {
            yield return new(ConditionType.Stalled, IsTrue: true, summary.Problem!.Reason, summary.Problem.Message);
        }

        if (summary.Token is { } token)
        {
            yield return FreshnessReport.Of(summary, token);
            yield return ScopesReport.Of(summary, token);
        }
    }

    private static ConditionReport Fitting(ConditionReport condition) => condition with { Message = Fitting(condition.Message) };

    /// <summary>A message, cut to <see cref="LongestMessage"/>. Half a character would be no valid text.</summary>
    public static string Fitting(string message) =>
        message.Length <= LongestMessage
            ? message
            : message[..(char.IsHighSurrogate(message[LongestMessage - 2]) ? LongestMessage - 2 : LongestMessage - 1)] + "…";

    private static FailureRecord? FailureOf(Facts facts, Decision decision, DateTimeOffset now) =>
        decision switch
        {
            Decision.Await waiting when IsOngoing(facts, waiting) => facts.Failure! with { Problem = waiting.Problem },
            Decision.Await waiting => FailureRecord.Of(waiting.Problem, facts.Connection.Inputs, now, waiting.Until),
            Decision.BackOff backOff => backOff.Failure,
            Decision.Suspend => facts.Failure,
            Decision.Stall stalled when StatusSummary.IsRemovalToTell(facts, stalled.Problem) =>
                FailureRecord.Of(stalled.Problem, facts.Connection.Inputs, facts.Removal!.Time, facts.Removal.Time),
            Decision.Stall stalled when facts.Failure?.IsRecordOf(stalled.Problem) == true => facts.Failure,
            _ => null,
        };

    private static bool IsOngoing(Facts facts, Decision.Await waiting) =>
        facts.Failure is { } failure
        && failure.IsRecordOf(waiting.Problem)
        && failure.Inputs == facts.Connection.Inputs
        && failure.NextAttemptTime == waiting.Until;

    // If nothing can be attempted, reporting that handles the request.
    private static string? HandledBy(Facts facts, Decision decision, DateTimeOffset now) =>
        decision is Decision.Stall or Decision.Await or Decision.AwaitConsent && RequestRules.IsDue(facts, now)
            ? facts.Connection.RequestedAt
            : facts.Connection.HandledRequest;

    private static DateTimeOffset? NextLookOf(StatusSummary summary, Decision decision, DateTimeOffset now)
    {
        DateTimeOffset? due = decision switch
        {
            Decision.Wait wait => wait.Until,
            Decision.BackOff when summary.Facts.FailedLook is { } look => look.NextAttemptTime,
            Decision.BackOff backOff => backOff.Failure.NextAttemptTime,
            Decision.Await waiting => waiting.Until,
            Decision.Stall stalled => stalled.RetryAt,
            Decision.AwaitConsent awaiting => awaiting.Until,
            _ => null,
        };
        // A time that has passed since the observation leads to a look soon, and never delays the one at expiry.
        var next = due <= now ? now + Policy.LeastGap : due;
        DateTimeOffset? expiry = summary.IsServing && decision is not Decision.Release ? summary.Token!.ExpirationTime : null;
        var request = decision is Decision.Release or Decision.Suspend ? null : RequestRules.WaitsUntil(summary.Facts, now);
        var waits = GrantRules.HandoffWaitsUntil(summary.Facts.Consent);
        var code = decision is Decision.Release or Decision.Suspend || waits <= now ? null : waits;
        return new[] { next, expiry, request, code, AuthorizationReport.NextChange(summary.Facts, now) }.Min();
    }
}

/// <summary>The condition types of a connection.</summary>
public static class ConditionType
{
    /// <summary>The Secret holds a token that has not expired, for this generation.</summary>
    public const string Ready = nameof(Ready);

    /// <summary>An attempt left this generation unreached, and it will be tried again.</summary>
    public const string Reconciling = nameof(Reconciling);

    /// <summary>A person must act.</summary>
    public const string Stalled = nameof(Stalled);

    /// <summary>The last renewal succeeded in time.</summary>
    public const string TokenFresh = nameof(TokenFresh);

    /// <summary>Every scope asked for was granted.</summary>
    public const string ScopesGranted = nameof(ScopesGranted);

    /// <summary>(probe) the API accepted the token.</summary>
    public const string TokenAccepted = nameof(TokenAccepted);

    /// <summary>(restart) every workload was restarted for the present token.</summary>
    public const string WorkloadsRestarted = nameof(WorkloadsRestarted);

    /// <summary>(grant AuthorizationCode) a grant that can be used is stored.</summary>
    public const string Authorized = nameof(Authorized);

    /// <summary>(grant AuthorizationCode) the consent ends soon.</summary>
    public const string ConsentExpiring = nameof(ConsentExpiring);

    /// <summary>(OAuthClient) a client secret expires soon.</summary>
    public const string SecretExpiring = nameof(SecretExpiring);

    /// <summary>(spec.secret.copies) every copy of the token Secret holds the token.</summary>
    public const string CopiesWritten = nameof(CopiesWritten);

    /// <summary>
    /// (OAuthClient) the provider accepted the client secret that was tried last; Unknown while one that was changed has not been tried.
    /// </summary>
    public const string SecretVerified = nameof(SecretVerified);
}

/// <summary>Instants in messages: short, in UTC, to the second where seconds matter.</summary>
public static class InstantText
{
    /// <summary>The instant, as <c>2026-11-23 12:00:00Z</c>.</summary>
    public static string Of(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
