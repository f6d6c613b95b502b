using Kubernetes.Client;

namespace VismaOperator.Local;

/// <summary>Waits until every connection is Ready or Stalled.</summary>
internal sealed class Settlement(IKubernetesClient cluster, Wakeup changed, TimeProvider time)
{
    /// <summary>
    /// A kept status may say Ready before the controllers had their first look at a changed client, so the verdict must
    /// hold for a moment in which nothing is written. A look takes milliseconds.
    /// </summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    /// <summary>Returns once settled. Without connections that is at once.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        var quietSince = time.GetTimestamp();
        string? last = null;
        while (true)
        {
            var report = await ConnectionReport.ReadAsync(cluster, time, cancellationToken);
            var now = report.ToTable();
            if (now != last || !report.IsSettled)
            {
                (last, quietSince) = (now, time.GetTimestamp());
            }
            else if (time.GetElapsedTime(quietSince) >= Quiet)
            {
                return;
            }

            await changed.WaitAsync(Quiet / 4, cancellationToken);
        }
    }
}
