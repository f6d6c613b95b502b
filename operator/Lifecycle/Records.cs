namespace Lifecycle;

/// <summary>A published token, as status records it. Never holds the token itself.</summary>
public sealed record TokenRecord
{
    /// <summary>When the provider issued it, by our clock before the request was sent.</summary>
    public required DateTimeOffset IssueTime { get; init; }

    /// <summary>When it expires.</summary>
    public required DateTimeOffset ExpirationTime { get; init; }

    /// <summary>When it is to be renewed.</summary>
    public required DateTimeOffset RefreshTime { get; init; }

    /// <summary>What it was requested with: see <see cref="TokenInputs"/>.</summary>
    public required string Inputs { get; init; }

    /// <summary>How its Secret was rendered; see <see cref="ConnectionFacts.Layout"/>.</summary>
    public required string Layout { get; init; }

    /// <summary>Hash of the Secret's content.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Name of the Secret that it was published in.</summary>
    public required string SecretName { get; init; }

    /// <summary>Version of that Secret that was last verified; empty while none was.</summary>
    public required string SecretResourceVersion { get; init; }

    /// <summary>
    /// True when that Secret says something else of the token than this record: its times were corrected, or it lacks its owner. It is to
    /// be written again around the same token.
    /// </summary>
    public bool IsRewriteDue { get; init; }

    /// <summary>UID of that Secret; empty when it is not on record.</summary>
    public string SecretUid { get; init; } = string.Empty;

    /// <summary>True when that Secret is its owner's, who lent it: only our keys in it are ours.</summary>
    public bool IsSecretLent { get; init; }

    /// <summary>Scopes that the provider granted; null when it did not say.</summary>
    public IReadOnlyList<string>? GrantedScopes { get; init; }

    /// <summary>How long it lives in all.</summary>
    public TimeSpan Lifetime => ExpirationTime - IssueTime;
}

/// <summary>A token whose Secret has an earlier name and is to be removed.</summary>
/// <param name="Token">What status records of it. It stays on record until its Secret is removed, so that no process forgets that.</param>
/// <param name="Failure">The last attempt to remove the Secret that failed; null when none did.</param>
public sealed record FormerToken(TokenRecord Token, FailureRecord? Failure)
{
    /// <summary>Attempts in a row to remove the Secret that failed.</summary>
    public int Attempts => Failure?.Attempts ?? 0;
}

/// <summary>
/// An unresolved failure, as status records it, so that a restart neither retries everything at once nor forgets a failure.
/// </summary>
public sealed record FailureRecord
{
    /// <summary>What happened and what to do; repeated in conditions while the failure lasts.</summary>
    public required Problem Problem { get; init; }

    /// <summary>Attempts in a row that ended in failure; at least 1.</summary>
    public required int Attempts { get; init; }

    /// <summary>When the last attempt failed; for something that is not there yet, when that was first noticed.</summary>
    public required DateTimeOffset LastFailureTime { get; init; }

    /// <summary>When the next attempt is due; for something that is not there yet, when patience ends.</summary>
    public required DateTimeOffset NextAttemptTime { get; init; }

    /// <summary>
    /// What failed: <see cref="Policy.AttemptInputs"/> of an attempt, <see cref="ConnectionFacts.Inputs"/> of a wait for something missing.
    /// When it changes, an attempt is made at once, and a wait starts again.
    /// </summary>
    public string? Inputs { get; init; }

    /// <summary>The record of a failure.</summary>
    public static FailureRecord Of(Problem problem, string inputs, DateTimeOffset failed, DateTimeOffset next, int attempts = 1) => new()
    {
        Problem = problem,
        Attempts = attempts,
        LastFailureTime = WholeSeconds.Floor(failed),
        NextAttemptTime = WholeSeconds.Ceiling(next),
        Inputs = inputs,
    };

    /// <summary>The record of a failed attempt. Failures count up while the same thing is attempted and fails alike.</summary>
    /// <param name="earlier">The failure before this one; null when there was none that counts.</param>
    /// <param name="problem">What went wrong.</param>
    /// <param name="inputs">What was attempted.</param>
    /// <param name="now">When the attempt failed.</param>
    /// <param name="delay">The wait after a number of failures in a row.</param>
    public static FailureRecord After(
        FailureRecord? earlier,
        Problem problem,
        string inputs,
        DateTimeOffset now,
        Func<int, TimeSpan> delay
    )
    {
        var attempts = earlier?.IsLike(problem, inputs) == true ? earlier.Attempts + 1 : 1;
        return Of(problem, inputs, now, now + delay(attempts), attempts);
    }

    /// <summary>True when a failure now would be another one of the same attempt, of the same kind.</summary>
    public bool IsLike(Problem problem, string inputs) => Inputs == inputs && Problem.Kind == problem.Kind;

    /// <summary>One of <see cref="Lifecycle.Reason"/>.</summary>
    public string Reason => Problem.Reason;

    /// <summary>What the operator was doing when it failed.</summary>
    public FailureStage Stage => Problem.Stage;

    /// <summary>True when the Secret could not be written.</summary>
    public bool IsOfWriting => Stage is FailureStage.Writing or FailureStage.WritingTakenName;

    /// <summary>
    /// True when nothing was attempted at the provider or written: a look failed, so the next look ends it, and it calls for no token.
    /// </summary>
    public bool IsOfLooking => Stage == FailureStage.Looking;

    /// <summary>True when a token was requested.</summary>
    public bool IsOfRequest => Stage is FailureStage.Requesting or FailureStage.Authenticating;

    /// <summary>True when this is the record of the problem.</summary>
    public bool IsRecordOf(Problem problem) => problem.IsStill(Reason);
}

/// <summary>
/// That our Secret was removed, or our keys were taken out of one that is lent, because the client does not allow its token. Kept until
/// there is another token, also when something else fails meanwhile.
/// </summary>
/// <param name="Time">When.</param>
/// <param name="Reason">Why: one of <see cref="Lifecycle.Reason"/>.</param>
/// <param name="Inputs"><see cref="ConnectionFacts.Inputs"/> at the removal. A removal under another spec is not reported.</param>
public sealed record RemovalRecord(DateTimeOffset Time, string Reason, string Inputs);

/// <summary>
/// What a token was, or would be, requested with: a part of the connection and a part of its client, written <c>connection.client</c>. Two
/// parts, so that a connection whose client is gone can still compare its own spec with the one that the published token was requested for.
/// </summary>
public static class TokenInputs
{
    /// <summary>Joins the two parts.</summary>
    public static string Join(string connection, string client) => $"{connection}.{client}";

    /// <summary>True when the recorded inputs are those of this connection and, where it is known, of this client.</summary>
    public static bool Match(string recorded, string connection, string? client) =>
        client is null
            ? recorded.StartsWith(connection + ".", StringComparison.Ordinal)
            : recorded == Join(connection, client);
}
