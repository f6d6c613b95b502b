namespace VismaConnect.StandIn;

/// <summary>Everything that was asked and every secret that was given out. An entry is there before its answer leaves.</summary>
public sealed class Ledger(TimeProvider time, string? secretsFile)
{
    private readonly Lock gate = new();
    private readonly List<LedgerEntry> entries = [];
    private readonly HashSet<string> secrets = [];
    private readonly List<Waiter> waiters = [];
    private int inFlight;
    private int maxInFlight;

    /// <summary>All requests so far, in order of completion.</summary>
    public IReadOnlyList<LedgerEntry> Requests
    {
        get
        {
            lock (gate)
            {
                return [.. entries];
            }
        }
    }

    /// <summary>The requests to the token endpoint.</summary>
    public IReadOnlyList<LedgerEntry> TokenRequests => [.. Requests.Where(entry => entry.Endpoint == StandInEndpoint.Token)];

    /// <summary>Token requests being served now.</summary>
    public int InFlight
    {
        get
        {
            lock (gate)
            {
                return inFlight;
            }
        }
    }

    /// <summary>The most token requests that were being served at once, since the start or <see cref="Reset"/>.</summary>
    public int MaxInFlight
    {
        get
        {
            lock (gate)
            {
                return maxInFlight;
            }
        }
    }

    /// <summary>
    /// Every token and code issued and every client secret configured since the start, for a search in logs. <see cref="Reset"/> keeps
    /// them.
    /// </summary>
    public IReadOnlyList<string> AllSecretsIssued()
    {
        lock (gate)
        {
            return [.. secrets];
        }
    }

    /// <summary>Waits until so many entries fulfil the condition.</summary>
    public Task WaitForAsync(int count, Func<LedgerEntry, bool> condition, CancellationToken cancellationToken) =>
        WaitAsync(() => entries.Count(condition) >= count, cancellationToken);

    /// <summary>Waits until so many token requests are being served at once, for example held by <see cref="Fault.Hold"/>.</summary>
    public Task WaitForInFlightAsync(int count, CancellationToken cancellationToken) =>
        WaitAsync(() => inFlight >= count, cancellationToken);

    /// <summary>Forgets requests and the maximum; secrets stay.</summary>
    public void Reset()
    {
        lock (gate)
        {
            entries.Clear();
            maxInFlight = inFlight;
        }
    }

    internal void AddSecret(string secret)
    {
        lock (gate)
        {
            if (secrets.Add(secret) && secretsFile is not null)
            {
                File.AppendAllText(secretsFile, secret + "\n");
            }
        }
    }

    internal DateTimeOffset Enter(StandInEndpoint endpoint)
    {
        lock (gate)
        {
            if (endpoint == StandInEndpoint.Token)
            {
                inFlight++;
                maxInFlight = Math.Max(maxInFlight, inFlight);
                WakeWaiters();
            }

            return time.GetUtcNow();
        }
    }

    internal void Leave(StandInEndpoint endpoint)
    {
        lock (gate)
        {
            inFlight -= endpoint == StandInEndpoint.Token ? 1 : 0;
        }
    }

    internal void Add(Func<int, LedgerEntry> entry)
    {
        lock (gate)
        {
            entries.Add(entry(entries.Count + 1));
            WakeWaiters();
        }
    }

    private Task WaitAsync(Func<bool> isMet, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (isMet())
            {
                return Task.CompletedTask;
            }

            var waiter = new Waiter(isMet);
            waiters.Add(waiter);
            return waiter.Met.Task.WaitAsync(cancellationToken);
        }
    }

    private void WakeWaiters()
    {
        foreach (var waiter in waiters.FindAll(waiter => waiter.IsMet()))
        {
            waiters.Remove(waiter);
            waiter.Met.SetResult();
        }
    }

    private sealed record Waiter(Func<bool> IsMet)
    {
        public TaskCompletionSource Met { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
