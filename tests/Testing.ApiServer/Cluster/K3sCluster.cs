using DotNet.Testcontainers.Builders;
using Testcontainers.K3s;

namespace VismaOperator.Testing.ApiServer.Cluster;

/// <summary>
/// K3s in a container, for those who have a container engine: a Kubernetes of today, with CEL rules in the schema, instead of
/// the one that can be built everywhere. The container goes with the test run.
/// </summary>
internal sealed class K3sCluster : IAsyncDisposable
{
    /// <summary>The variable that names the image, for example <c>rancher/k3s:v1.34.1-k3s1</c>.</summary>
    public const string ImageVariable = "TEST_K3S_IMAGE";

    private readonly K3sContainer container;
    private readonly DirectoryInfo folder;

    private K3sCluster(K3sContainer container, DirectoryInfo folder)
    {
        this.container = container;
        this.folder = folder;
    }

    /// <summary>The kubeconfig of its administrator.</summary>
    public string KubeconfigPath => Path.Combine(folder.FullName, "k3s.kubeconfig");

    /// <summary>Starts the container and waits until K3s is ready.</summary>
    /// <exception cref="InvalidOperationException">There is no container engine; the message holds the remedy.</exception>
    public static async Task<K3sCluster> StartAsync(string image, CancellationToken cancellationToken)
    {
        var started = Build(image);
        await started.StartAsync(cancellationToken);
        var cluster = new K3sCluster(started, Directory.CreateTempSubdirectory("visma-operator-k3s-"));
        await File.WriteAllTextAsync(cluster.KubeconfigPath, await started.GetKubeconfigAsync(), cancellationToken);
        return cluster;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await container.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static K3sContainer Build(string image)
    {
        try
        {
            return new K3sBuilder(image).Build();
        }
        catch (DockerUnavailableException exception)
        {
            throw new InvalidOperationException(
                $"{ImageVariable} asks for K3s in a container, but there is no container engine here. Start one, or unset the variable "
                + "to use an API server without containers.",
                exception);
        }
    }
}
