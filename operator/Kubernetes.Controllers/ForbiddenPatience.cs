namespace Kubernetes.Controllers;

/// <summary>
/// Distinguishes a missing permission from an API server that is still starting. Until such a server has read its roles, it answers 403 to
/// every request. So a refusal is believed only once it has lasted; before that it counts as an outage.
/// </summary>
/// <param name="time">A monotonic clock.</param>
public sealed class ForbiddenPatience(TimeProvider time)
{
    /// <summary>An API server reads its roles within a second or two.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(5);

    private long? since;

    /// <summary>Records a 403. True when they have lasted for long enough to be believed.</summary>
    public bool IsOver()
    {
        since ??= time.GetTimestamp();
        return time.GetElapsedTime(since.Value) >= Length;
    }

    /// <summary>Something else was answered: the next refusal is a first one again.</summary>
    public void Renew() => since = null;
}
