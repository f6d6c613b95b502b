using Kubernetes.Client.IntegrationTests;
using VismaOperator.Testing.ApiServer;
using Xunit;

[assembly: AssemblyFixture(typeof(RealCluster))]
// Most of these tests wait for the API server.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]

namespace Kubernetes.Client.IntegrationTests;

/// <summary>One real API server for all tests of this assembly, with the kinds that the contract needs.</summary>
public sealed class RealCluster : IAsyncLifetime
{
    private ConnectedClient? connected;
    private ApiServer? server;

    public ApiServer Server => server ?? throw new InvalidOperationException("The fixture was not initialised.");

    public IKubernetesClient Client => connected!.Client;

    public async ValueTask InitializeAsync()
    {
        server = await ApiServer.StartAsync(
            new ApiServerOptions { CrdFolders = [RepositoryFolder.PathOf("tests/Kubernetes.Client.Contract/crds")] },
            CancellationToken.None
        );
        connected = new ConnectedClient(server.KubeconfigPath);
    }

    public async ValueTask DisposeAsync()
    {
        connected?.Dispose();
        await Server.DisposeAsync();
    }
}
