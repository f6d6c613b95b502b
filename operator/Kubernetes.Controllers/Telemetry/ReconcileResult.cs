namespace Kubernetes.Controllers.Telemetry;

/// <summary>The values of the label <c>result</c>, as controller-runtime names them.</summary>
public static class ReconcileResult
{
    /// <summary>Done; nothing to do until something changes.</summary>
    public const string Success = "success";

    /// <summary>Done; looked at again at a given time.</summary>
    public const string RequeueAfter = "requeue_after";

    /// <summary>Decided on an old state, or stopped half-way by the end of the process or of the leadership; looked at again.</summary>
    public const string Requeue = "requeue";

    /// <summary>Failed; tried again after a backoff.</summary>
    public const string Error = "error";

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<string> All { get; } = [Success, RequeueAfter, Requeue, Error];
}
