namespace Lifecycle;

/// <summary>What is known of the probes of one connection.</summary>
public sealed record ProbeFacts
{
    /// <summary><c>spec.probe.interval</c>.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>
    /// Until when this process has looked after the probes: when the last one began, else when the process began to look. A time that was
    /// due before is not made up for, so that a restart brings no burst.
    /// </summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>The condition <c>TokenAccepted</c> as status has it, with the generation that was probed; null when it has none.</summary>
    public ConditionReport? Recorded { get; init; }

    /// <summary>The last probe of this process that status does not say yet; null when there is none.</summary>
    public ProbeResult? Result { get; init; }

    /// <summary>The fingerprint of the token that was probed last; null where this process has probed none.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>True when the last probe went where the next one would go.</summary>
    public bool IsSameTarget { get; init; }

    /// <summary>Value of the annotation that asks for a probe now; null when absent.</summary>
    public string? RequestedAt { get; init; }

    /// <summary><c>status.lastHandledProbeAt</c>.</summary>
    public string? HandledRequest { get; init; }
}

/// <summary>One probe that was made.</summary>
/// <param name="IsAccepted">True when the API accepted the token.</param>
/// <param name="Words">What to say of it.</param>
/// <param name="Generation">The generation of the spec that was probed.</param>
/// <param name="Request">The request that it answers; null when nobody had asked.</param>
public sealed record ProbeResult(bool IsAccepted, Problem Words, long Generation, string? Request)
{
    /// <summary>As status reports it.</summary>
    public ConditionReport Condition => new(ConditionType.TokenAccepted, IsAccepted, Words.Reason, Report.Fitting(Words.Message))
    {
        Generation = Generation,
    };
}

/// <summary>
/// When a connection is probed. The times follow from the token and from the identity of the connection alone, so nothing has to be stored:
/// shortly after each new token, and once in each interval at the connection's own offset in it. A probe that fails changes none of them.
/// </summary>
public static class ProbeSchedule
{
    /// <summary>How long after its issue a token is probed: enough for status to say that it is published.</summary>
    public static readonly TimeSpan AfterIssue = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A probe that is later than this is not made up for at once, unless somebody asked for it: where one is late, many are.
    /// </summary>
    public static readonly TimeSpan Punctual = TimeSpan.FromMinutes(1);

    // Over which first probes of new tokens are spread where they are late.
    private static readonly TimeSpan catchUp = TimeSpan.FromMinutes(5);

    // A token this close to its end would be refused for its age, where clocks differ.
    private static readonly TimeSpan leastValidity = TimeSpan.FromSeconds(30);

    /// <summary>When the next probe is due, which may be past; null when there is none.</summary>
    public static DateTimeOffset? NextTime(Facts facts, Decision decision, DateTimeOffset now)
    {
        if (facts.Probe is not { } probe || !IsPossible(facts, decision, now))
        {
            return null;
        }

        var first = facts.Token!.IssueTime + AfterIssue;
        if (HasUnhandledRequest(probe) || ConditionOf(facts)?.Generation != facts.Connection.Generation)
        {
            return first > now ? first : now; // one probe for both
        }

        if (probe.Fingerprint is { } last && last != facts.Token.Fingerprint)
        {
            return first;
        }

        var since = probe.Since < now ? probe.Since : now; // a clock may have been set back
        var slot = NextSlot(since, probe.Interval, facts.Connection.Identity);
        return first > since && first < slot ? first : slot;
    }

    /// <summary>
    /// When a probe that is late is made instead: at the connection's own offset in the interval or, where its token was never probed, in
    /// the next minutes.
    /// </summary>
    public static DateTimeOffset Later(bool isNewToken, TimeSpan interval, string identity, DateTimeOffset now) =>
        NextSlot(now, isNewToken ? Least(interval, catchUp) : interval, identity);

    /// <summary>
    /// The condition to report; null when there is nothing to say. What was said of an earlier generation holds for this one, too, where a
    /// probe would send the same token to the same place.
    /// </summary>
    public static ConditionReport? ConditionOf(Facts facts)
    {
        var said = facts.Probe?.Result?.Condition ?? facts.Probe?.Recorded;
        return facts is { Probe.IsSameTarget: true, Token: { } token } && Policy.IsCurrent(token, facts)
            ? said is null ? null : said with { Generation = facts.Connection.Generation }
            : said;
    }

    /// <summary>The request that counts as handled; null when there is none, and while probes are off.</summary>
    public static string? HandledRequest(Facts facts) => facts.Probe?.Result?.Request ?? facts.Probe?.HandledRequest;

    private static bool HasUnhandledRequest(ProbeFacts probe) =>
        probe.RequestedAt is { Length: > 0 } asked && asked != probe.HandledRequest && asked != probe.Result?.Request;

    // Only the token that this spec asks for, published and for some time valid, and only for a connection that may have it.
    private static bool IsPossible(Facts facts, Decision decision, DateTimeOffset now) =>
        decision is not (Decision.Release or Decision.Suspend or Decision.Withdraw)
        && facts.Client is not ClientFacts.NotAllowing
        && facts.Connection is { IsTerminating: false, IsSuspended: false, SpecProblem: null }
        && facts is { Secret: SecretFacts.Owned, Content: not ContentFacts.Lost, Token: { } token }
        && Policy.IsCurrent(token, facts)
        && token.ExpirationTime - now > Least(token.Lifetime / 4, leastValidity);

    // The first time after since that is the connection's own offset in the interval, counted from the Unix epoch.
    private static DateTimeOffset NextSlot(DateTimeOffset since, TimeSpan interval, string identity)
    {
        var offset = (long)(Spread.Of(identity) * interval.Ticks);
        var passed = (since - DateTimeOffset.UnixEpoch).Ticks - offset;
        var number = (passed >= 0 ? passed / interval.Ticks : ((passed + 1) / interval.Ticks) - 1) + 1;
        return DateTimeOffset.UnixEpoch.AddTicks(offset + (number * interval.Ticks));
    }

    private static TimeSpan Least(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
