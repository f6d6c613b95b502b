using Kubernetes.Client;

namespace VismaOperator.Clients;

/// <summary>
/// Which connection is to try a client secret that was changed. One that has not tried within <see cref="Gap"/> cannot, and the next one is
/// appointed. One that has tried without an outcome has a failure on record and retries by its own backoff; no other is appointed before
/// that ends. For one thread at a time.
/// </summary>
/// <param name="time">Wall clock and durations.</param>
/// <param name="nextTrial">Before when the client's former secrets leave no further trial; null when they do.</param>
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
