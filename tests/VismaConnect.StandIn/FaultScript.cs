namespace VismaConnect.StandIn;

/// <summary>Which requests go wrong, and how. The first entry that fits a request is used; a counted one is used up by it.</summary>
public sealed class FaultScript
{
    private readonly Lock gate = new();
    private readonly List<Entry> entries = [];

    /// <summary>
    /// The next <paramref name="count"/> requests that fit go wrong. A tenant or a grant type fits requests that name it.
    /// </summary>
    public void Next(
        Fault fault,
        int count = 1,
        StandInEndpoint endpoint = StandInEndpoint.Token,
        string? tenantId = null,
        string? grantType = null
    ) => Add(new Entry(fault, endpoint, tenantId, grantType) { Remaining = count });

    /// <summary>Every request that fits goes wrong until <see cref="Clear"/>.</summary>
    public void Always(Fault fault, StandInEndpoint endpoint = StandInEndpoint.Token, string? tenantId = null, string? grantType = null) =>
        Add(new Entry(fault, endpoint, tenantId, grantType));

    /// <summary>Everything works again. Requests already held or delayed stay so.</summary>
    public void Clear()
    {
        lock (gate)
        {
            entries.Clear();
        }
    }

    internal Fault? Take(StandInEndpoint endpoint, AskedFor asked)
    {
        lock (gate)
        {
            var found = entries.Find(entry => entry.Fits(endpoint, asked));
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

    private sealed class Entry(Fault fault, StandInEndpoint endpoint, string? tenantId, string? grantType)
    {
        public Fault Fault => fault;

        /// <summary>Null until cleared.</summary>
        public int? Remaining { get; set; }

        public bool Fits(StandInEndpoint asked, AskedFor request) =>
            endpoint == asked
            && (tenantId ?? request.TenantId) == request.TenantId
            && (grantType ?? request.GrantType) == request.GrantType;
    }
}
