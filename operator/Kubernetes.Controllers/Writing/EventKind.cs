namespace Kubernetes.Controllers.Writing;

/// <summary>How an event is shown.</summary>
public enum EventKind
{
    /// <summary>Something went as it should.</summary>
    Normal,

    /// <summary>Something needs attention.</summary>
    Warning,
}
