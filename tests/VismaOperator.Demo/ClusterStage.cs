using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Manifests;

namespace VismaOperator.Demo;

/// <summary>A cluster named by a kubeconfig: the definitions and the manifests are applied to it, and taken away at the end.</summary>
internal sealed class ClusterStage(string kubeconfig, string crds, string manifests, Uri issuer) : IStage, IDisposable
{
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private static readonly TimeSpan servedInterval = TimeSpan.FromMilliseconds(200);

    private readonly RawCluster cluster = new(kubeconfig);
    private readonly IReadOnlyList<ManifestDocument> documents = ManifestReader.Read([manifests]).Documents;

    public string Description => $"the cluster of {kubeconfig}; the operator runs on this machine against it";

    public IReadOnlyList<string> OperatorArguments =>
    [
        "run", "--kubeconfig", kubeconfig, "--namespaces", Namespace, "--leader-elect", "false", "--http-port", "0", "--log-format", "text",
        "--allowed-issuers", issuer.OriginalString, "--insecure-issuers",
    ];

    private string Namespace => documents.First(document => document.Kind == "Namespace").Name;

    private string ConnectionsPath =>
        $"/apis/{VismaConnection.ResourceKind.ApiVersion}/namespaces/{Namespace}/{VismaConnection.ResourceKind.Plural}";

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (var definition in ManifestReader.Read([crds]).Documents.Where(document => document.Kind == "CustomResourceDefinition"))
        {
            await cluster.ApplyAsync(Definitions, definition.Name, definition.Content, cancellationToken);
        }

        while (await cluster.FindAsync(ConnectionsPath, cancellationToken) is null)
        {
            // a definition is served a moment after it is accepted
            await Task.Delay(servedInterval, TimeProvider.System, cancellationToken);
        }

        foreach (var document in documents)
        {
            await cluster.ApplyAsync(Collection(document), document.Name, document.Content, cancellationToken);
        }
    }

    public async Task<IReadOnlyList<VismaConnection>> ConnectionsAsync(CancellationToken cancellationToken)
    {
        var list = await cluster.FindAsync(ConnectionsPath, cancellationToken);
        return [.. list!["items"]!.AsArray().Select(item => item.Deserialize(VismaConnection.JsonTypeInfo)!)];
    }

    public async Task<IReadOnlyList<string>> KeysAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var secret = await cluster.FindAsync(SecretPath(connection), cancellationToken);
        return [.. secret!["data"]!.AsObject().Select(entry => $"{connection.SecretName()}: {entry.Key}")];
    }

    public async Task<string?> AccessTokenAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var secret = await cluster.FindAsync(SecretPath(connection), cancellationToken);
        return secret?["data"]?["access_token"] is { } value
            ? Encoding.UTF8.GetString(Convert.FromBase64String(value.GetValue<string>()))
            : null;
    }

    public Task TamperAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var tampered = Convert.ToBase64String(Encoding.UTF8.GetBytes("tampered"));
        return cluster.PatchAsync(
            SecretPath(connection),
            new JsonObject { ["data"] = new JsonObject { ["access_token"] = tampered } },
            cancellationToken
        );
    }

    public Task CleanUpAsync(CancellationToken cancellationToken) =>
        cluster.DeleteAsync($"/api/v1/namespaces/{Namespace}", cancellationToken);

    public void Dispose() => cluster.Dispose();

    private static string Collection(ManifestDocument document) => document.Kind switch
    {
        "Namespace" => "/api/v1/namespaces",
        "Secret" => $"/api/v1/namespaces/{document.NamespacedName.Namespace}/secrets",
        _ => $"/apis/{document.ApiVersion}/namespaces/{document.NamespacedName.Namespace}/{document.Kind.ToLowerInvariant()}s",
    };

    private static string SecretPath(VismaConnection connection)
    {
        NamespacedName name = connection.SecretName();
        return $"/api/v1/namespaces/{name.Namespace}/secrets/{name.Name}";
    }
}
