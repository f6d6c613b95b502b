using System.Diagnostics.Metrics;
using Kubernetes.Client.Access;
using Kubernetes.Client.IntegrationTests;
using VismaOperator.Testing.ApiServer;
using Xunit;

[assembly: AssemblyFixture(typeof(RealCluster))]

namespace Kubernetes.Client.IntegrationTests;

/// <summary>One real API server for all tests of this assembly, with the kinds that the contract needs.</summary>
public sealed class RealCluster : IAsyncLifetime
{
    private readonly Meters meters = new();
    private KubernetesHttp? http;
    private ApiServer? server;

    public ApiServer Server => server ?? throw new InvalidOperationException("The fixture was not initialised.");

    public IKubernetesClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        server = await ApiServer.StartAsync(new ApiServerOptions { CrdFolders = [RepositoryFolder.PathOf("tests/Kubernetes.Client.Contract/crds")] }, CancellationToken.None);
        http = new KubernetesHttp(ClusterAccess.Load(server.KubeconfigPath), new KubernetesHttpOptions(), TimeProvider.System, meters);
        Client = new HttpKubernetesClient(http, TimeProvider.System, () => 0);
    }

    public async ValueTask DisposeAsync()
    {
        http?.Dispose();
        meters.Dispose();
        await Server.DisposeAsync();
    }

    private sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> created = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            created.Add(meter);
            return meter;
        }

        public void Dispose() => created.ForEach(meter => meter.Dispose());
    }
}
