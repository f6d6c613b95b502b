using Kubernetes.Client.Contract;
using Kubernetes.InMemory;
using Microsoft.Extensions.Time.Testing;

namespace Kubernetes.Client.Tests.InMemory;

public sealed class InMemoryObjectTests : ObjectContract
{
    private readonly InMemoryCluster cluster = new(new FakeTimeProvider());

    protected override IKubernetesClient Client => cluster;

    protected override string Namespace => "here";
}

public sealed class InMemoryDeletionTests : DeletionContract
{
    private readonly InMemoryCluster cluster = new(new FakeTimeProvider());

    protected override IKubernetesClient Client => cluster;

    protected override string Namespace => "here";
}

public sealed class InMemoryGarbageCollectionTests : GarbageCollectionContract
{
    private readonly InMemoryCluster cluster = new(new FakeTimeProvider());

    protected override IKubernetesClient Client => cluster;

    protected override string Namespace => "here";
}

public sealed class InMemoryListTests : ListContract
{
    private readonly InMemoryCluster cluster = new(new FakeTimeProvider());

    protected override IKubernetesClient Client => cluster;

    protected override string Namespace => "here";
}

public sealed class InMemoryWatchTests : WatchContract
{
    private readonly InMemoryCluster cluster = new(new FakeTimeProvider());

    protected override IKubernetesClient Client => cluster;

    protected override string Namespace => "here";
}
