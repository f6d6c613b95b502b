using Kubernetes.Client.Contract;
using Kubernetes.InMemory;
using Microsoft.Extensions.Time.Testing;

namespace Kubernetes.Client.Tests.InMemory;

public sealed class InMemoryObjectTests : ObjectContract
{
    protected override IKubernetesClient Client { get; } = new InMemoryCluster(new FakeTimeProvider());

    protected override string Namespace => "here";
}

public sealed class InMemoryDeletionTests : DeletionContract
{
    protected override IKubernetesClient Client { get; } = new InMemoryCluster(new FakeTimeProvider());

    protected override string Namespace => "here";
}

public sealed class InMemoryGarbageCollectionTests : GarbageCollectionContract
{
    protected override IKubernetesClient Client { get; } = new InMemoryCluster(new FakeTimeProvider());

    protected override string Namespace => "here";
}

public sealed class InMemoryListTests : ListContract
{
    protected override IKubernetesClient Client { get; } = new InMemoryCluster(new FakeTimeProvider());

    protected override string Namespace => "here";
}

public sealed class InMemoryWatchTests : WatchContract
{
    protected override IKubernetesClient Client { get; } = new InMemoryCluster(new FakeTimeProvider());

    protected override string Namespace => "here";
}
