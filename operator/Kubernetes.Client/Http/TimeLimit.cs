namespace Kubernetes.Client.Http;

/// <summary>The time limit of one request, on the injected clock. The token cancels when: the limit is over * the caller gave up.</summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly TimeSpan limit;
    private readonly CancellationTokenSource over;
    private readonly CancellationTokenSource either;

    public TimeLimit(TimeSpan limit, TimeProvider clock, CancellationToken caller)
    {
        this.limit = limit;
        over = Deadline.After(limit, clock);
        either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, caller);
        Caller = caller;
    }

    public CancellationToken Token => either.Token;

    public bool IsOver => over.IsCancellationRequested && !Caller.IsCancellationRequested;

    private CancellationToken Caller { get; }

    public HttpRequestException Exceeded(ResourceRequest request) =>
        new($"{request}: no complete answer within {limit.TotalSeconds:0.#} s. The API server is slow or cannot be reached.");

    public void Dispose()
    {
        either.Dispose();
        over.Dispose();
    }
}
