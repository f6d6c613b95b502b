namespace VismaOperator.Testing.ApiServer.Proxy;

/// <summary>All requests that came to the proxy, in order of arrival.</summary>
public sealed class RequestLedger
{
    private readonly Lock gate = new();
    private readonly List<ProxiedRequest> requests = [];

    /// <summary>The requests since the start, or since <see cref="Clear"/>.</summary>
    public IReadOnlyList<ProxiedRequest> Requests
    {
        get
        {
            lock (gate)
            {
                return [.. requests];
            }
        }
    }

    /// <summary>The requests that ask for a change.</summary>
    public IReadOnlyList<ProxiedRequest> Writes => [.. Requests.Where(request => request.IsWrite)];

    /// <summary>Forgets what came so far, so that a test counts from here. Requests that are under way do not come back.</summary>
    public void Clear()
    {
        lock (gate)
        {
            requests.Clear();
        }
    }

    /// <summary>Waits for a request, one that came before the call included.</summary>
    /// <exception cref="TimeoutException">None came.</exception>
    public Task<ProxiedRequest> WaitForAsync(
        string expectation, Func<ProxiedRequest, bool> when, CancellationToken cancellationToken, TimeSpan? within = null) =>
        Eventually.GetAsync($"a request: {expectation}", _ => Task.FromResult(Requests.FirstOrDefault(when)), cancellationToken, within);

    internal void Add(ProxiedRequest request)
    {
        lock (gate)
        {
            requests.Add(request);
        }
    }
}
