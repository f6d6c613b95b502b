using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Access;
using Microsoft.Extensions.DependencyInjection;

namespace VismaOperator.Demo;

/// <summary>
/// An API server by paths and JSON, reached with the operator's own access: the demo accepts every kubeconfig that the operator accepts.
/// </summary>
internal sealed class RawCluster : IDisposable
{
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly KubernetesHttp http;

    public RawCluster(string kubeconfig) => http = new KubernetesHttp(
        ClusterAccess.Load(kubeconfig),
        new KubernetesHttpOptions(),
        TimeProvider.System,
        services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());

    /// <summary>The object or list, or null when there is none.</summary>
    public async Task<JsonNode?> FindAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await http.Requests.GetAsync(Relative(path), cancellationToken);
        return answer.StatusCode == HttpStatusCode.NotFound ? null : await ReadAsync(answer, path, cancellationToken);
    }

    /// <summary>Creates the object, or merges it into the one that is there.</summary>
    public async Task ApplyAsync(string collection, string name, JsonObject content, CancellationToken cancellationToken)
    {
        if (await FindAsync($"{collection}/{name}", cancellationToken) is not null)
        {
            await PatchAsync($"{collection}/{name}", content, cancellationToken);
            return;
        }

        using var answer = await http.Requests.PostAsync(Relative(collection), Body(content, "application/json"), cancellationToken);
        await ReadAsync(answer, collection, cancellationToken);
    }

    /// <summary>A JSON merge patch.</summary>
    public async Task PatchAsync(string path, JsonObject patch, CancellationToken cancellationToken)
    {
        using var answer = await http.Requests.PatchAsync(Relative(path), Body(patch, "application/merge-patch+json"), cancellationToken);
        await ReadAsync(answer, path, cancellationToken);
    }

    /// <summary>Deletes the object; one that is not there is fine.</summary>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await http.Requests.DeleteAsync(Relative(path), cancellationToken);
        if (answer.StatusCode != HttpStatusCode.NotFound)
        {
            await ReadAsync(answer, path, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        http.Dispose();
        services.Dispose();
    }

    // The server of a kubeconfig may have a path of its own, which an absolute path would throw away.
    private static Uri Relative(string path) => new(path.TrimStart('/'), UriKind.Relative);

    private static StringContent Body(JsonObject content, string type) =>
        new(content.ToJsonString(), Encoding.UTF8, MediaTypeHeaderValue.Parse(type));

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer, string path, CancellationToken cancellationToken)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.IsSuccessStatusCode
            ? JsonNode.Parse(text)!
            : throw new DemoFailedException(
                $"The cluster answered {(int)answer.StatusCode} for {path}: {JsonNode.Parse(text)?["message"] ?? "no reason given"}"
            );
    }
}
