using Kubernetes.Client.Contract;
using Kubernetes.Client.Resources;
using VismaOperator.Testing.ApiServer;
using Xunit;

namespace Kubernetes.Client.IntegrationTests;

/// <summary>What only a real API server shows: its history, its connections, its refusals.</summary>
public sealed class RealServerTests(RealCluster cluster) : IAsyncLifetime
{
    private TestNamespace? home;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => home = await TestNamespace.CreateAsync(cluster.Server.Admin, Cancellation);

    public ValueTask DisposeAsync() => home!.DisposeAsync();

    [Fact]
    public async Task Three_hundred_secrets_are_followed_by_name_at_once()
    {
        var names = Enumerable.Range(0, 300).Select(number => $"followed-{number}").ToList();
        var version = (await cluster.Client.ListPageAsync<Secret>(new ResourceSelector(home!.Name), 1, null, Cancellation)).ResourceVersion;
        var watches = names.ConvertAll(name => new WatchLog<Secret>(
            cluster.Client.WatchAsync<Secret>(
                new ResourceSelector(home.Name, FieldSelector: $"metadata.name={name}"),
                version,
                Cancellation
            )
        ));
        var seen = watches.Select(watch => watch.NextAppliedAsync()).ToList();

        await Parallel.ForEachAsync(names, Cancellation, async (name, token) =>
            await cluster.Client.CreateAsync(new Secret { Metadata = new ObjectMeta { Name = name, Namespace = home.Name } }, token));

        Assert.Equal(names, (await Task.WhenAll(seen)).Select(secret => secret.Metadata.Name));
        foreach (var watch in watches)
        {
            await watch.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_kind_that_is_not_installed_is_an_error_not_an_absence()
    {
        var refused = await Assert.ThrowsAsync<KubernetesException>(() =>
            cluster.Client.FindAsync<Gadget>(new NamespacedName(home!.Name, "one"), Cancellation)
        );

        Assert.True(refused.IsNotFound);
        Assert.Contains("the kind is not installed", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A kind of which no definition is installed.</summary>
    private sealed record Gadget : IResource<Gadget>
    {
        public static ResourceKind ResourceKind { get; } = new("absent.visma-operator.io", "v1", "Gadget", "gadgets", IsNamespaced: true);

        public static System.Text.Json.Serialization.Metadata.JsonTypeInfo<Gadget> JsonTypeInfo =>
            throw new NotSupportedException("No gadget is ever read.");

        public ObjectMeta Metadata { get; init; } = new();

        public Gadget WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
    }
}
