using Kubernetes.Client;

namespace VismaOperator.Local;

/// <summary>
/// Waits until every connection is Ready or Stalled, no refresh token is on its way, and the controllers have nothing left to do.
/// </summary>
/// <param name="cluster">Where the connections are.</param>
/// <param name="atRest">Completes once no key is due or being reconciled.</param>
/// <param name="connectionsWithPendingGrants">Connections of which a refresh token was received that is not stored yet.</param>
/// <param name="changed">Signalled with every change of the cluster.</param>
/// <param name="time">The clock.</param>
internal sealed class Settlement(
    IKubernetesClient cluster,
    Func<Task> atRest,
    Func<IReadOnlyCollection<NamespacedName>> connectionsWithPendingGrants,
    Wakeup changed,
    TimeProvider time
)
{
    /// <summary>
    /// A kept status may say Ready before the caches have woken the controllers, so the report must hold for a moment in
    /// which nothing is written, and then until the looks under way have ended.
    /// </summary>
    private static readonly TimeSpan quiet = TimeSpan.FromMilliseconds(500);

    /// <summary>Connections of which a refresh token was received that is not stored yet; once all has stopped, it is lost.</summary>
    public IReadOnlyCollection<NamespacedName> ConnectionsWithPendingGrants => connectionsWithPendingGrants();

    /// <summary>Returns once settled. Without connections that is at once.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        var quietSince = time.GetTimestamp();
        string? last = null;
        while (true)
        {
            var report = await ConnectionReport.ReadAsync(cluster, time, cancellationToken);
            var now = report.ToTable();
            if (now != last || !report.IsSettled || ConnectionsWithPendingGrants.Count > 0)
            {
                (last, quietSince) = (now, time.GetTimestamp());
            }
            else if (time.GetElapsedTime(quietSince) >= quiet)
            {
                if (atRest() is { IsCompleted: true })
                {
                    return;
                }

                await atRest().WaitAsync(cancellationToken);
            }

            await changed.WaitAsync(quiet / 4, cancellationToken);
        }
    }
}
