using Kubernetes.Client.Contract;
using VismaOperator.Testing.ApiServer;
using Xunit;

namespace Kubernetes.Client.IntegrationTests;

public sealed class RealObjectTests(RealCluster cluster) : ObjectContract, IAsyncLifetime
{
    private TestNamespace? home;

    protected override IKubernetesClient Client => cluster.Client;

    protected override string Namespace => home!.Name;

    public async ValueTask InitializeAsync() => home = await TestNamespace.CreateAsync(cluster.Server.Admin, Cancellation);

    public ValueTask DisposeAsync() => home!.DisposeAsync();
}

public sealed class RealDeletionTests(RealCluster cluster) : DeletionContract, IAsyncLifetime
{
    private TestNamespace? home;

    protected override IKubernetesClient Client => cluster.Client;

    protected override string Namespace => home!.Name;

    public async ValueTask InitializeAsync() => home = await TestNamespace.CreateAsync(cluster.Server.Admin, Cancellation);

    public ValueTask DisposeAsync() => home!.DisposeAsync();
}

public sealed class RealGarbageCollectionTests(RealCluster cluster) : GarbageCollectionContract, IAsyncLifetime
{
    private TestNamespace? home;

    protected override IKubernetesClient Client => cluster.Client;

    protected override string Namespace => home!.Name;

    public async ValueTask InitializeAsync()
    {
        cluster.Server.EnsureControllerManager();
        home = await TestNamespace.CreateAsync(cluster.Server.Admin, Cancellation);
    }

    public ValueTask DisposeAsync() => home!.DisposeAsync();
}

public sealed class RealListTests(RealCluster cluster) : ListContract, IAsyncLifetime
{
    private TestNamespace? home;

    protected override IKubernetesClient Client => cluster.Client;

    protected override string Namespace => home!.Name;

    public async ValueTask InitializeAsync() => home = await TestNamespace.CreateAsync(cluster.Server.Admin, Cancellation);

    public ValueTask DisposeAsync() => home!.DisposeAsync();
}

public sealed class RealWatchTests(RealCluster cluster) : WatchContract, IAsyncLifetime
{
    private TestNamespace? home;

    protected override IKubernetesClient Client => cluster.Client;

    protected override string Namespace => home!.Name;

    public async ValueTask InitializeAsync() => home = await TestNamespace.CreateAsync(cluster.Server.Admin, Cancellation);

    public ValueTask DisposeAsync() => home!.DisposeAsync();
}
