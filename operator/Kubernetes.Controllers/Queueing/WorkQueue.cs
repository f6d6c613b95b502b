using Kubernetes.Client;

namespace Kubernetes.Controllers.Queueing;

/// <summary>
/// Hands keys to workers, with the semantics of controller-runtime's queue.
/// <list type="bullet">
/// <item>A key waits in the queue at most once, however often it is added.</item>
/// <item>A key has one holder: between <see cref="TakeAsync"/> and <see cref="Done"/> nobody else gets it. What is added
/// meanwhile takes effect at <see cref="Done"/>.</item>
/// <item>Of several times at which a key is due, the earliest wins; handing it out forgets the others.</item>
/// <item>Only failures are delayed by a backoff, which grows per key until <see cref="Forget"/>.</item>
/// </list>
/// Keys that are due are handed out by their <see cref="NeededBy"/>, and without one in the order in which they became due; none waits for
/// ever. One timer serves all appointments. Safe for use by many threads.
/// </summary>
#pragma warning disable CA1711 // It is a queue, and this is what every Kubernetes developer calls it.
public sealed class WorkQueue : IDisposable
#pragma warning restore CA1711
{
    /// <summary>
    /// While there are appointments, the wall clock is looked at this often: timers run on another clock, which a suspended machine stops
    /// and which no step of the wall clock moves. One look a second costs nothing that can be measured.
    /// </summary>
    private static readonly TimeSpan longestTimer = TimeSpan.FromSeconds(1);

    /// <summary>A server that asks for a longer pause than this is not believed.</summary>
    private static readonly TimeSpan longestRetryAfter = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly BackoffOptions backoff;
    private readonly Func<double> random;
    private readonly ReadyKeys<NamespacedName> ready;

    // Never disposed: without a wait handle it holds nothing that the collector would not take.
    private readonly SemaphoreSlim available = new(0);
    private readonly HashSet<NamespacedName> held = [];
    private readonly Dictionary<NamespacedName, DateTimeOffset> onceDone = [];
    private readonly Dictionary<NamespacedName, Dictionary<NamespacedName, Func<bool>>> onceDoneIf = [];
    private readonly Appointments appointments = new();
    private readonly Dictionary<NamespacedName, int> failures = [];
    private readonly Alarm alarm;
    private readonly ClockSteps steps;
    private readonly RestSignal rest = new();
    private long adds;
    private long retries;

    /// <summary>An empty queue.</summary>
    /// <param name="time">Wall clock and timer.</param>
    /// <param name="backoff">Waits after failures.</param>
    /// <param name="random">A random number in [0, 1), for the jitter of the backoff.</param>
    public WorkQueue(TimeProvider time, BackoffOptions backoff, Func<double> random)
    {
        this.time = time;
        this.backoff = backoff;
        this.random = random;
        ready = new(time);
        steps = new(time);
        alarm = new(time, HandOutDue);
    }

    /// <summary>
    /// By when the work on a key should be done, for example when its token expires; asked when the key becomes due. Null for as soon as
    /// possible. Keys with a near deadline go before those with a far one.
    /// </summary>
    public Func<NamespacedName, DateTimeOffset?> NeededBy { private get; init; } = _ => null;

    /// <summary>How many keys are due and not yet taken.</summary>
    public int Depth
    {
        get
        {
            lock (gate)
            {
                return ready.Count;
            }
        }
    }

    /// <summary>
    /// For how long a key has been due and was not taken; zero where none is. A step of the wall clock counts for a second, until the next
    /// look at it.
    /// </summary>
    internal TimeSpan LongestWait
    {
        get
        {
            lock (gate)
            {
                var overdue = appointments.Next is { } next ? time.GetUtcNow() - next : TimeSpan.Zero;
                return Longer(ready.LongestWait, overdue);
            }
        }
    }

    /// <summary>How many keys are taken and not given back.</summary>
    internal int Held
    {
        get
        {
            lock (gate)
            {
                return held.Count;
            }
        }
    }

    /// <summary>How often a key became due, since the start.</summary>
    public long Adds => Interlocked.Read(ref adds);

    /// <summary>How often a key was added after a failure, since the start.</summary>
    internal long Retries => Interlocked.Read(ref retries);

    /// <summary>Makes the key due now.</summary>
    public void Add(NamespacedName key) => AddAt(key, DateTimeOffset.MinValue);

    /// <summary>
    /// Makes the key due at an instant of the wall clock, unless it is due earlier already. An instant in the past means now.
    /// </summary>
    public void AddAt(NamespacedName key, DateTimeOffset instant)
    {
        lock (gate)
        {
            if (held.Contains(key))
            {
                onceDone[key] = onceDone.TryGetValue(key, out var earlier) && earlier < instant ? earlier : instant;
            }
            else
            {
                Schedule(key, instant);
            }
        }
    }

    /// <summary>
    /// Makes the key due now; where it is held, only if it is still needed when its holder gives it back. A watch often tells of a write
    /// before the writer has its answer, and what the writer then records shows that there is nothing left to look at.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="about">What it is about. However often that changes meanwhile, it is asked once.</param>
    /// <param name="isNeeded">Asked under the queue's lock: it must be quick, and may look into any store.</param>
    public void AddIfNeeded(NamespacedName key, NamespacedName about, Func<bool> isNeeded)
    {
        lock (gate)
        {
            if (!held.Contains(key))
            {
                Schedule(key, DateTimeOffset.MinValue);
            }
            else
            {
                onceDoneIf.TryAdd(key, []);
                onceDoneIf[key][about] = isNeeded;
            }
        }
    }

    /// <summary>Makes the key due after this wait, unless it is due earlier already.</summary>
    public void AddAfter(NamespacedName key, TimeSpan wait)
    {
        var now = time.GetUtcNow();
        AddAt(key, wait < DateTimeOffset.MaxValue - now ? now + wait : DateTimeOffset.MaxValue);
    }

    /// <summary>Counts a failure of the key and makes it due after the backoff.</summary>
    /// <param name="key">The key.</param>
    /// <param name="retryAfter">A pause that the server asked for (at most an hour is honoured), or null. The longer of both waits
    /// counts.</param>
    public void AddAfterFailure(NamespacedName key, TimeSpan? retryAfter)
    {
        Interlocked.Increment(ref retries);
        AddAfter(key, Longer(CountFailure(key), retryAfter > longestRetryAfter ? longestRetryAfter : retryAfter ?? TimeSpan.Zero));
    }

    /// <summary>Forgets the failures of the key: it succeeded.</summary>
    public void Forget(NamespacedName key)
    {
        lock (gate)
        {
            failures.Remove(key);
        }
    }

    /// <summary>Waits for a due key and takes it. The caller is its only holder until <see cref="Done"/>.</summary>
    public async ValueTask<NamespacedName> TakeAsync(CancellationToken cancellationToken)
    {
        await available.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (gate)
        {
            var key = ready.Take();
            held.Add(key);
            return key;
        }
    }

    /// <summary>Gives the key back. What was added while it was held takes effect now.</summary>
    public void Done(NamespacedName key)
    {
        lock (gate)
        {
            Look(); // while the key is held: what its holder decided by a wrong clock is decided again
            if (onceDoneIf.Remove(key, out var questions) && questions.Values.Any(isNeeded => isNeeded()))
            {
                onceDone[key] = DateTimeOffset.MinValue;
            }

            if (held.Remove(key) && onceDone.Remove(key, out var instant))
            {
                Schedule(key, instant);
            }

            if (IsAtRest)
            {
                rest.Reached();
            }
        }
    }

    /// <summary>Completes once no key is due and none is taken: what was asked for until then is done. Appointments may be left.</summary>
    public Task WhenAtRestAsync()
    {
        lock (gate)
        {
            return rest.When(IsAtRest);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => alarm.Dispose();

    private bool IsAtRest => ready.Count == 0 && held.Count == 0;

    private static TimeSpan Longer(TimeSpan left, TimeSpan right) => left > right ? left : right;

    private TimeSpan CountFailure(NamespacedName key)
    {
        lock (gate)
        {
            var count = failures.GetValueOrDefault(key) + 1;
            failures[key] = count;
            return backoff.DelayAfter(count, random());
        }
    }

    /// <summary>Needs the lock, and a key that nobody holds.</summary>
    private void Schedule(NamespacedName key, DateTimeOffset instant)
    {
        var now = Look(); // may make the key ready
        if (ready.Contains(key))
        {
            return;
        }

        if (instant <= now)
        {
            appointments.Cancel(key);
            MakeReady(key);
        }
        else if (appointments.TryMakeEarlier(key, instant))
        {
            ArmTimer(now);
        }
    }

    /// <summary>Needs the lock.</summary>
    private void MakeReady(NamespacedName key)
    {
        ready.Add(key, NeededBy(key));
        Interlocked.Increment(ref adds);
        available.Release();
    }

    private void HandOutDue()
    {
        lock (gate)
        {
            var now = Look();
            HandOut(now);
            ArmTimer(now);
        }
    }

    /// <summary>
    /// Reads the wall clock. Appointments that were made before it was set back would be kept too late by as much, and what a holder
    /// decides by the former clock as well: better to look at everything once. Needs the lock.
    /// </summary>
    private DateTimeOffset Look()
    {
        var now = time.GetUtcNow();
        if (steps.SetBack(now) > TimeSpan.Zero)
        {
            HandOut(DateTimeOffset.MaxValue);
            foreach (var key in held)
            {
                onceDone[key] = DateTimeOffset.MinValue;
            }
        }

        return now;
    }

    /// <summary>Needs the lock.</summary>
    private void HandOut(DateTimeOffset due)
    {
        while (appointments.TryTakeDue(due, out var key))
        {
            MakeReady(key);
        }
    }

    /// <summary>Needs the lock.</summary>
    private void ArmTimer(DateTimeOffset now)
    {
        if (appointments.Next is { } next)
        {
            var wait = next - now;
            alarm.Set(wait < longestTimer ? wait : longestTimer);
        }
    }
}

/// <summary>
/// How long to wait after failures in a row: doubling from <paramref name="Initial"/> to <paramref name="Maximum"/>, the upper half of it
/// by chance.
/// </summary>
/// <param name="Initial">Upper bound of the wait after the first failure.</param>
/// <param name="Maximum">Upper bound of every wait.</param>
public sealed record BackoffOptions(TimeSpan Initial, TimeSpan Maximum)
{
    /// <summary>
    /// For keys of a work queue: 200 ms to 5 min. Short enough at the start that a blip of the API server is not noticed, long
    /// enough at the end that a thousand failing objects ask for less than four requests a second.
    /// </summary>
    public static BackoffOptions ForKeys { get; } = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromMinutes(5));

    /// <summary>For lists and watches: 200 ms to 30 s, since everything else waits for them.</summary>
    public static BackoffOptions ForWatches { get; } = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30));

    /// <summary>The wait after a number of failures in a row.</summary>
    /// <param name="failures">How many; at least 1.</param>
    /// <param name="random">A random number in [0, 1).</param>
    public TimeSpan DelayAfter(int failures, double random)
    {
        // Beyond 2^40 any sensible maximum is long reached, and the shift would overflow.
        var bound = Math.Min(Maximum.TotalSeconds, Initial.TotalSeconds * (1L << Math.Clamp(failures - 1, 0, 40)));
        return TimeSpan.FromSeconds(bound * (0.5 + (0.5 * random)));
    }
}
