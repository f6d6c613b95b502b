namespace VismaOperator.Hosting;

/// <summary>The operator's own controllers, and beside them what people reach over the network.</summary>
internal sealed class ClusterControllers(IControllerSet controllers, IReadOnlyList<BackgroundLoop> servers) : IControllerSet
{
    public IReadOnlyList<BackgroundLoop> Caches => controllers.Caches;

    public bool HasSynced => controllers.HasSynced;

    public IReadOnlyList<BackgroundLoop> Controllers => controllers.Controllers;

    public IReadOnlyList<BackgroundLoop> Servers => [.. controllers.Servers, .. servers];

    public Task FlushAsync(CancellationToken deadline) => controllers.FlushAsync(deadline);

    public Task WaitUntilSyncedAsync(CancellationToken cancellationToken) => controllers.WaitUntilSyncedAsync(cancellationToken);

    public Task CatchUpAsync(CancellationToken cancellationToken) => controllers.CatchUpAsync(cancellationToken);
}
