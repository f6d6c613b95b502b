using System.Diagnostics.Metrics;
using Kubernetes.Client.Access;

namespace Kubernetes.Client.IntegrationTests;

/// <summary>The client under test, connected as a kubeconfig says.</summary>
internal sealed class ConnectedClient : IDisposable
{
    private readonly Meters meters = new();
    private readonly KubernetesHttp http;

    public ConnectedClient(string kubeconfigPath)
        : this(ClusterAccess.Load(kubeconfigPath))
    {
    }

    public ConnectedClient(ClusterAccess access)
    {
        http = new KubernetesHttp(access, new KubernetesHttpOptions(), TimeProvider.System, meters);
        Client = new HttpKubernetesClient(http, TimeProvider.System, () => 0);
    }

    public IKubernetesClient Client { get; }

    public void Dispose()
    {
        http.Dispose();
        meters.Dispose();
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
