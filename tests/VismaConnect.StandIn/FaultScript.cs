namespace VismaConnect.StandIn;

/// <summary>Which requests go wrong, and how. The first entry that fits a request is used; a counted one is used up by it.</summary>
public sealed class FaultScript
{
    private readonly Lock gate = new();
    private readonly List<Entry> entries = [];

    /// <summary>The next <paramref name="count"/> requests that fit go wrong.</summary>
    public void Next(Fault fault, int count = 1, StandInEndpoint endpoint = StandInEndpoint.Token, string? tenantId = null) =>
        Add(new Entry(fault, count, endpoint, tenantId));

    /// <summary>Every request that fits goes wrong until <see cref="Clear"/>.</summary>
    public void Always(Fault fault, StandInEndpoint endpoint = StandInEndpoint.Token, string? tenantId = null) =>
        Add(new Entry(fault, null, endpoint, tenantId));

    /// <summary>Everything works again. Requests already held or delayed stay so.</summary>
    public void Clear()
    {
        lock (gate)
        {
            entries.Clear();
        }
    }

    internal Fault? Take(StandInEndpoint endpoint, string? tenantId)
    {
        lock (gate)
        {
            var found = entries.Find(entry => entry.Endpoint == endpoint && (entry.TenantId ?? tenantId) == tenantId);
            if (found is { Remaining: not null } && --found.Remaining == 0)
            {
                entries.Remove(found);
            }

            return found?.Fault;
        }
    }

    private void Add(Entry entry)
    {
        lock (gate)
        {
            entries.Add(entry);
        }
    }

    private sealed class Entry(Fault fault, int? count, StandInEndpoint endpoint, string? tenantId)
    {
        public Fault Fault => fault;

        public StandInEndpoint Endpoint => endpoint;

        public string? TenantId => tenantId;

        public int? Remaining { get; set; } = count;
    }
}
