using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Kubernetes.Client.Access;
using Kubernetes.Client.Http;

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

    /// <summary>A write that the client has no method for; refusals are the client's own.</summary>
    public async Task<T> PatchAsync<T>(NamespacedName name, string mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        using var content = new StringContent(mergePatch, new MediaTypeHeaderValue("application/merge-patch+json"));
        using var answer = await http.Requests.PatchAsync(ResourcePath.Of(T.ResourceKind, name), content, cancellationToken);
        return answer.IsSuccessStatusCode
            ? (await answer.Content.ReadFromJsonAsync(T.JsonTypeInfo, cancellationToken))!
            : throw await new ApiFailure(http, TimeProvider.System).FromAnswerAsync(
                answer,
                ResourceRequest.About(HttpMethod.Patch, T.ResourceKind, name),
                cancellationToken
            );
    }

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
