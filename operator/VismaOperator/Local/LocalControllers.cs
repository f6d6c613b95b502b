using VismaOperator.Hosting;

namespace VismaOperator.Local;

/// <summary>The operator's own controllers, and beside them what stands in for a cluster: manifests in, folders out.</summary>
internal sealed class LocalControllers(IControllerSet controllers, IReadOnlyList<BackgroundLoop> files) : IControllerSet
{
    public IReadOnlyList<BackgroundLoop> Caches => [.. controllers.Caches, .. files];

    public bool HasSynced => controllers.HasSynced;

    public IReadOnlyList<BackgroundLoop> Controllers => controllers.Controllers;

    public IReadOnlyList<BackgroundLoop> Servers => controllers.Servers;

    public Task FlushAsync(CancellationToken deadline) => controllers.FlushAsync(deadline);

    public Task WaitUntilSyncedAsync(CancellationToken cancellationToken) => controllers.WaitUntilSyncedAsync(cancellationToken);

    public Task CatchUpAsync(CancellationToken cancellationToken) => controllers.CatchUpAsync(cancellationToken);
}
