namespace VismaOperator.Hosting;

/// <summary>What the health endpoints answer. Written by the host, read by requests.</summary>
internal sealed class OperatorHealth
{
    private volatile string? notReady = "starting";

    /// <summary>Why this replica is not ready, or null when it is. A standby is ready: it can take over at any moment.</summary>
    public string? NotReady => notReady;

    /// <summary>Every cache has listed.</summary>
    public void CachesSynced() => notReady = null;

    /// <summary>The process is on its way out and takes no more work.</summary>
    public void Stopping() => notReady = "stopping";
}
