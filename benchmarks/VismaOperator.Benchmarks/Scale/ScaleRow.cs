namespace VismaOperator.Benchmarks.Scale;

/// <summary>What one number of connections gave.</summary>
/// <param name="Connections">How many connections.</param>
/// <param name="Workers">How many workers.</param>
/// <param name="LoadBefore">Load average of the machine before, over one minute.</param>
/// <param name="Empty">The operator without any connection.</param>
/// <param name="First">The first start: nothing has a token.</param>
/// <param name="Restart">The second start: everything is fresh.</param>
internal sealed record ScaleRow(int Connections, int Workers, double LoadBefore, Measurement Empty, Measurement First, Measurement Restart);

/// <summary>What one life of the operator process cost, once nothing more happened.</summary>
internal sealed record Measurement
{
    /// <summary>From the start of the process until /readyz answered 200.</summary>
    public required TimeSpan Healthy { get; init; }

    /// <summary>From the start of the process until the work was done.</summary>
    public required TimeSpan Done { get; init; }

    /// <summary>User and system time of the operator since its start.</summary>
    public required TimeSpan Cpu { get; init; }

    /// <summary>Resident memory in MiB.</summary>
    public required double ResidentMebibytes { get; init; }

    /// <summary>The part of it that no file backs, in MiB.</summary>
    public required double AnonymousMebibytes { get; init; }

    /// <summary>Bytes that the operator allocated since its start.</summary>
    public required double AllocatedBytes { get; init; }

    /// <summary>Reconciles of connections.</summary>
    public required double Reconciles { get; init; }

    /// <summary>Requests to the API server by HTTP method, as the operator counts them. A watch is a GET.</summary>
    public required IReadOnlyDictionary<string, double> Requests { get; init; }

    /// <summary>Bytes of log that it wrote.</summary>
    public required long LogBytes { get; init; }

    /// <summary>User and system time of etcd, the API server and its controller manager meanwhile.</summary>
    public TimeSpan ClusterCpu { get; init; }

    /// <summary>Requests that reached the token endpoint.</summary>
    public int TokenRequests { get; init; }

    /// <summary>Requests that change something.</summary>
    public double Writes => Requests.Where(entry => entry.Key is not "GET").Sum(entry => entry.Value);
}
