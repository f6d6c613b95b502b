namespace VismaOperator.Probing;

/// <summary>Whom a probe asks for what. Limits of the API count these.</summary>
/// <param name="Host">Host and port of the API.</param>
/// <param name="Tenant">The company; of a connection without one something of its own.</param>
/// <param name="Address">What is asked for.</param>
internal readonly record struct ProbeLane(string Host, string Tenant, string Address);

/// <summary>
/// Spaces the probes of one tenant at one host, however many connections it has, and stops them for as long as the API asks. The limits of
/// the API are per company and application, and shared with everything that uses the tokens. Safe for use by many threads.
/// </summary>
internal sealed class ProbeLanes(TimeProvider time)
{
    /// <summary>The least time between two probes of one tenant: the API was known to refuse five equal requests in a minute.</summary>
    public static readonly TimeSpan Gap = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The least time before a request that the API refused is sent again: it was known to allow two such in five minutes, and to count
    /// them against everything that uses the tokens.
    /// </summary>
    public static readonly TimeSpan GapAfterRefusal = TimeSpan.FromSeconds(150);

    private const int FewLanes = 64;

    private readonly Lock gate = new();
    private readonly Dictionary<ProbeLane, Moment> open = [];
    private int crowded = FewLanes;

    /// <summary>How many are kept.</summary>
    internal int Count
    {
        get
        {
            lock (gate)
            {
                return open.Count;
            }
        }
    }

    /// <summary>When there may be another probe; null when there may be one now.</summary>
    public DateTimeOffset? ClosedUntil(ProbeLane lane)
    {
        lock (gate)
        {
            var (all, own) = (Closed(All(lane)), Closed(lane));
            return all > own || own is null ? all : own;
        }
    }

    /// <summary>Takes the turn of a tenant at a host.</summary>
    /// <returns>Null when it was taken; else when there may be another one.</returns>
    public DateTimeOffset? TryTake(ProbeLane lane)
    {
        lock (gate)
        {
            if (ClosedUntil(lane) is { } closed)
            {
                return closed;
            }

            Prune();
            open[All(lane)] = After(Gap);
            return null;
        }
    }

    /// <summary>A probe has ended.</summary>
    /// <param name="lane">Whose.</param>
    /// <param name="pause">How long the API asks to leave this tenant alone; null where it does not ask.</param>
    /// <param name="isRefused">True when the API refused the request for what it is.</param>
    public void Note(ProbeLane lane, TimeSpan? pause, bool isRefused)
    {
        lock (gate)
        {
            open[All(lane)] = After(pause > Gap ? pause.Value : Gap);
            if (isRefused)
            {
                open[lane] = After(GapAfterRefusal);
            }
        }
    }

    // The lane of all addresses together.
    private static ProbeLane All(ProbeLane lane) => lane with { Address = string.Empty };

    private DateTimeOffset? Closed(ProbeLane lane) =>
        open.GetValueOrDefault(lane) is { HasCome: false } closed ? closed.Instant : null;

    private Moment After(TimeSpan wait) => new(time.GetUtcNow() + wait, time);

    // Needs the lock. Lanes that are open again need not be kept. They are removed each time the number of lanes has doubled.
    private void Prune()
    {
        if (open.Count < crowded)
        {
            return;
        }

        foreach (var (lane, moment) in open)
        {
            if (moment.HasCome)
            {
                open.Remove(lane);
            }
        }

        crowded = Math.Max(FewLanes, 2 * open.Count);
    }
}
