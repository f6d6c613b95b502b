using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>What is known of a client when its status is composed.</summary>
internal sealed record OAuthClientSituation
{
    /// <summary>The object.</summary>
    public required OAuthClient Client { get; init; }

    /// <summary>The client with its credentials; null when it cannot be used.</summary>
    public ResolvedClient? Usable { get; init; }

    /// <summary>What is wrong; null when nothing is.</summary>
    public Problem? Problem { get; init; }

    /// <summary>Since when; null when nothing is wrong.</summary>
    public DateTimeOffset? ProblemSince { get; init; }

    /// <summary>What is wrong with the provider's endpoints; null when nothing is. No watch reports its end.</summary>
    public Problem? LookupProblem { get; init; }

    /// <summary>Where tokens are asked for; null while unknown.</summary>
    public Uri? TokenEndpoint { get; init; }

    /// <summary>Where people consent; null while unknown, or where nobody has to.</summary>
    public Uri? AuthorizationEndpoint { get; init; }

    /// <summary>Where refresh tokens are revoked; null while unknown, or where there are none.</summary>
    public Uri? RevocationEndpoint { get; init; }

    /// <summary>The secret that the provider accepted last; null when none did.</summary>
    public SecretKeyReference? Working { get; init; }

    /// <summary>The outcome of each secret in its present value.</summary>
    public IReadOnlyList<ClientSecretStatus> Trials { get; init; } = [];

    /// <summary>When to see whether a secret that was changed has been tried; null when none waits for that.</summary>
    public DateTimeOffset? NextTrialLook { get; init; }

    /// <summary>False when a secret that was changed waits to be tried, and no connection can try it now.</summary>
    public bool IsTrialPossible { get; init; } = true;

    /// <summary>The refusal of every secret; null when they were not all refused.</summary>
    public RefusalStatus? Refusal { get; init; }

    /// <summary>
    /// How far the operator's machine is ahead of the provider's clock (negative: behind); null while the two agree, or nothing is known.
    /// </summary>
    public TimeSpan? ClockAhead { get; init; }

    /// <summary>How many connections use the client.</summary>
    public int Connections { get; init; }

    /// <summary>The situation when looking failed: the recorded status, which stays, and the problem.</summary>
    public static OAuthClientSituation Unobserved(OAuthClient client, Problem problem) => new()
    {
        Client = client,
        Problem = problem,
        Trials = client.Status.ClientSecrets ?? [],
        Refusal = client.Status.Refusal,
        Connections = client.Status.Connections ?? 0,
    };
}

/// <summary>What a client's status should say. Pure: the same situation at the same time gives the same report.</summary>
internal static class OAuthClientReport
{
    /// <summary>The conditions; a type that is not listed must be absent.</summary>
    public static IReadOnlyList<ConditionReport> Conditions(OAuthClientSituation situation, DateTimeOffset now) =>
        ReadyMessage.WithCauses([.. ConditionsOf(situation, now)], ClockProblem(situation));

    /// <summary>
    /// The problem of differing clocks; null while they agree. Nothing fails at once because of it, so it changes no condition.
    /// </summary>
    public static Problem? ClockProblem(OAuthClientSituation situation) => situation is { ClockAhead: { } ahead, Usable: { } usable }
        ? new Problem(
            Reason.ClockSkewed,
            $"{ClockWatch.Words(ahead, usable.Issuer.Authority)}, so expiry times in Secrets and status are wrong by as much. "
            + "Synchronise that machine's clock (NTP).")
        : null;

    private static IEnumerable<ConditionReport> ConditionsOf(OAuthClientSituation situation, DateTimeOffset now)
    {
        var problem = situation.Problem;
        yield return problem is null
            ? new(ConditionType.Ready, IsTrue: true, Reason.ClientUsable, $"Tokens are asked for at {situation.TokenEndpoint}.")
            : new(ConditionType.Ready, IsTrue: false, problem.Reason, problem.Message);
        if (problem is not null)
        {
            var isStalled = problem.Kind == FailureKind.NeedsPerson || IsOverdue(situation, problem, now);
            yield return new(isStalled ? ConditionType.Stalled : ConditionType.Reconciling, IsTrue: true, problem.Reason, problem.Message);
        }

        yield return SecretExpiry(situation, now);
        yield return SecretVerifiedReport.Of(situation);
    }

    /// <summary>The next time at which the report changes by itself; null when it does not.</summary>
    public static DateTimeOffset? NextChange(OAuthClientSituation situation, DateTimeOffset now)
    {
        var warnings = Expiries(situation).Select(expiry => ExpiryWarnings.NextStep(expiry.At, now));
        DateTimeOffset? patience = situation.Problem is { Kind: FailureKind.NotThereYet }
            ? (situation.ProblemSince ?? now) + Policy.DependencyGrace
            : null;
        return warnings.Append(patience).Where(instant => instant > now).Min();
    }

    private static ConditionReport SecretExpiry(OAuthClientSituation situation, DateTimeOffset now)
    {
        // A secret that has expired already must not hide that the one in use expires next.
        var first = Expiries(situation)
            .Where(expiry => ExpiryWarnings.IsDue(expiry.At, now))
            .OrderBy(expiry => expiry.At <= now)
            .ThenBy(expiry => expiry.At)
            .FirstOrDefault();
        if (first is null)
        {
            return new(
                ConditionType.SecretExpiring,
                IsTrue: false,
                Reason.NoSecretExpiresSoon,
                "No client secret with a stated expiry expires within 30 days."
            );
        }

        var when = first.At <= now ? "expired" : "expires";
        return new(
            ConditionType.SecretExpiring,
            IsTrue: true,
            Reason.SecretExpiresSoon,
            $"The client secret in {first.Reference.Name}, key {first.Reference.Key}, {when} on {first.At.UtcDateTime:yyyy-MM-dd} "
            + $"({DaysLeft(first.At, now)}). Make a new one in the Visma developer portal and put it first in spec.clientSecrets."
        );
    }

    private static string DaysLeft(DateTimeOffset at, DateTimeOffset now) =>
        at <= now ? "tokens are refused once the provider counts it as expired" : ExpiryWarnings.Left(at, now);

    private static IEnumerable<Expiry> Expiries(OAuthClientSituation situation) =>
        situation.Client.Spec.ClientSecrets
            .Where(secret => secret.ExpirationTime is not null)
            .Select(secret => new Expiry(secret.SecretKeyRef, secret.ExpirationTime!.Value));

    private static bool IsOverdue(OAuthClientSituation situation, Problem problem, DateTimeOffset now) =>
        problem.Kind == FailureKind.NotThereYet && situation.ProblemSince is { } since && now - since >= Policy.DependencyGrace;

    private sealed record Expiry(SecretKeyReference Reference, DateTimeOffset At);
}
