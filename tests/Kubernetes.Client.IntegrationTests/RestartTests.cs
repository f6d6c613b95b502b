using Kubernetes.Client.Contract;
using Kubernetes.Client.Resources;
using VismaOperator.Testing.ApiServer;
using Xunit;

namespace Kubernetes.Client.IntegrationTests;

/// <summary>A server that crashes and comes back without its history.</summary>
public sealed class RestartTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_dies_breaks_its_watches_and_comes_back_without_its_history()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(ApiServer.KubeconfigVariable) is { Length: > 0 }, ApiServer.NoRestartReason);
        await using var server = await ApiServer.StartAsync(new ApiServerOptions(), Cancellation);
        using var connected = new ConnectedClient(server.KubeconfigPath);
        var client = connected.Client;
        var first = await client.CreateAsync(SecretNamed("first"), Cancellation);
        await client.CreateAsync(SecretNamed("second"), Cancellation);
        await using var watch = new WatchLog<Secret>(
            client.WatchAsync<Secret>(
                new ResourceSelector("default", FieldSelector: "metadata.name=second"),
                first.Metadata.ResourceVersion!,
                Cancellation
            )
        );
        await watch.NextAppliedAsync();

        await server.KillAsync(Cancellation);
        var broken = await Assert.ThrowsAnyAsync<Exception>(watch.NextAsync);
        var unreachable = await Assert.ThrowsAnyAsync<Exception>(() =>
            client.FindAsync<Secret>(first.Metadata.NamespacedName, Cancellation)
        );
        await server.StartAgainAsync(Cancellation);
        await using var resumed = new WatchLog<Secret>(
            client.WatchAsync<Secret>(new ResourceSelector("default"), first.Metadata.ResourceVersion!, Cancellation)
        );

        Assert.True(broken is IOException or HttpRequestException, broken.ToString());
        Assert.IsType<HttpRequestException>(unreachable);
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(resumed.NextAsync)).IsExpired);
        Assert.NotNull(await client.FindAsync<Secret>(first.Metadata.NamespacedName, Cancellation));
    }

    private static Secret SecretNamed(string name) => new() { Metadata = new ObjectMeta { Name = name, Namespace = "default" } };
}
