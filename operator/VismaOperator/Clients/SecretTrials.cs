using Kubernetes.Client;
using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>
/// Which client secrets were tried in their present value. Lists are never changed in place, so that
/// <see cref="ClientSecretTracker"/> and a status can share one.
/// </summary>
internal static class SecretTrials
{
    /// <summary>The trials of a client as it is now.</summary>
    /// <param name="client">The client.</param>
    /// <param name="before">Those that are on record. A secret that is on it with another value, or that joined it, is due to be tried.
    /// Where nothing is on record nothing has changed.</param>
    public static IReadOnlyList<ClientSecretStatus> Of(ResolvedClient client, IReadOnlyList<ClientSecretStatus> before) =>
    [
        .. client.Credentials.Select(credential => Of(client, credential, before)),
        // a Secret that cannot be read for now comes back as it was
        .. before.Where(trial => !client.Credentials.Any(credential => trial.Is(credential.Reference))),
    ];

    /// <summary>The trials with the outcome of a request.</summary>
    public static IReadOnlyList<ClientSecretStatus> With(
        this IReadOnlyList<ClientSecretStatus> trials,
        SecretKeyReference tried,
        SecretTrial outcome,
        DateTimeOffset now
    ) => [.. trials.Select(trial => trial.Is(tried) ? trial with { Trial = outcome, TrialTime = now } : trial)];

    /// <summary>What is on record of one secret.</summary>
    public static SecretTrial Find(this IReadOnlyList<ClientSecretStatus> trials, SecretKeyReference reference) =>
        trials.FirstOrDefault(trial => trial.Is(reference))?.Trial ?? SecretTrial.NotTried;

    /// <summary>The first secret that was changed and has not been tried since; null when there is none.</summary>
    public static Credential? FirstDue(this IReadOnlyList<ClientSecretStatus> trials, ResolvedClient client) =>
        client.Credentials.FirstOrDefault(credential => trials.Find(credential.Reference) == SecretTrial.Due);

    /// <summary>The trials as status has them; see <see cref="ResolvedClient.RecordedRevisionOf"/>.</summary>
    public static IReadOnlyList<ClientSecretStatus> ToRecord(this IReadOnlyList<ClientSecretStatus> trials, ResolvedClient client) =>
    [
        .. trials.Select(trial =>
            client.Credentials.FirstOrDefault(credential => trial.Is(credential.Reference)) is { } credential
                ? trial with { Revision = client.RecordedRevisionOf(credential) }
                : trial
        ),
    ];

    // On record is what status has, or what this process has in memory.
    private static ClientSecretStatus Of(ResolvedClient client, Credential credential, IReadOnlyList<ClientSecretStatus> before)
    {
        var (revision, reference) = (client.RevisionOf(credential), credential.Reference);
        var known = before.FirstOrDefault(trial => trial.Is(reference));
        return known is not null
            && known.Trial != SecretTrial.Unrecognized
            && (known.Revision == revision || known.Revision == client.RecordedRevisionOf(credential))
            ? known with { Revision = revision }
            : new ClientSecretStatus
            {
                Name = reference.Name,
                Key = reference.Key,
                Revision = revision,
                Trial = before.Count == 0 ? SecretTrial.NotTried : SecretTrial.Due,
            };
    }
}

/// <summary>
/// Which connection is to try a client secret that was changed. One that has not tried within <see cref="Gap"/> cannot, and the next one is
/// appointed. One that has tried without an outcome has a failure on record and retries by its own backoff; no other is appointed before
/// that ends. For one thread at a time.
/// </summary>
/// <param name="time">Wall clock and durations.</param>
/// <param name="nextTrial">The earliest time of the next trial, taken over from the previous revision; null for now.</param>
internal sealed class TrialAppointment(TimeProvider time, Moment? nextTrial)
{
    /// <summary>A Secret that changes without pause causes at most one request in this time.</summary>
    public static readonly TimeSpan Gap = TimeSpan.FromSeconds(30);

    // Longer than the longest wait after a failure that passes by itself.
    private static readonly TimeSpan ownRetry = TimeSpan.FromMinutes(6);

    private readonly HashSet<NamespacedName> passed = [];
    private NamespacedName? connection;
    private Moment? end;
    private Moment? retry;
    private bool isRoundOver;

    /// <summary>Before when no trial is made; null when none was made yet.</summary>
    public Moment? NextTrial { get; private set; } = nextTrial;

    /// <summary>A request with the changed secret is under way.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>True when this connection is to try.</summary>
    public bool Is(NamespacedName candidate) => connection == candidate && !IsUnderWay;

    /// <summary>Appoints the best of the candidates that has not passed its turn by; the same one as long as it may still try.</summary>
    public TrialArrangement Arrange(IReadOnlyList<NamespacedName> candidates)
    {
        if (candidates.Count == 0)
        {
            Cancel();
            return new TrialArrangement(time.GetUtcNow() + Gap, Appointed: null, IsPossible: false);
        }

        if (NextTrial is { HasCome: false } next)
        {
            return new TrialArrangement(next.Instant, Appointed: null, IsPossible: true);
        }

        if (retry is { HasCome: false } own)
        {
            return new TrialArrangement(own.Instant, Appointed: null, IsPossible: true);
        }

        if (connection is not { } present || !candidates.Contains(present) || end!.HasCome)
        {
            Appoint(candidates);
        }

        return new TrialArrangement(end!.Instant, connection, !isRoundOver);
    }

    /// <summary>Nothing is due, or nobody can.</summary>
    public void Cancel()
    {
        connection = null;
        passed.Clear();
        isRoundOver = false;
    }

    /// <summary>Takes the right to try; false while another request has it.</summary>
    public bool Claim()
    {
        if (IsUnderWay)
        {
            return false;
        }

        Cancel();
        IsUnderWay = true;
        (NextTrial, retry) = (In(Gap), In(ownRetry));
        return true;
    }

    /// <summary>The request of <see cref="Claim"/> is over.</summary>
    public void Release() => IsUnderWay = false;

    private void Appoint(IReadOnlyList<NamespacedName> candidates)
    {
        if (connection is { } late)
        {
            passed.Add(late);
        }

        if (candidates.All(passed.Contains))
        {
            passed.Clear();
            isRoundOver = true;
        }

        connection = candidates.First(candidate => !passed.Contains(candidate));
        end = In(Gap);
    }

    private Moment In(TimeSpan wait) => new(time.GetUtcNow() + wait, time);
}

/// <summary>Which connection is to try a changed client secret.</summary>
/// <param name="NextLook">When to look again.</param>
/// <param name="Appointed">The connection; null while none is appointed.</param>
/// <param name="IsPossible">False when no connection can try, or each one has missed its turn.</param>
internal sealed record TrialArrangement(DateTimeOffset NextLook, NamespacedName? Appointed, bool IsPossible);
