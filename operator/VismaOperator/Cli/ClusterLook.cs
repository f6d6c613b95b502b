using System.Diagnostics.Metrics;
using Kubernetes.Client;
using Kubernetes.Client.Access;
using VismaOperator.Cli.Check;
using VismaOperator.Hosting;
using VismaOperator.Reporting;

namespace VismaOperator.Cli;

/// <summary>One look into a cluster, for <c>check --cluster</c>.</summary>
internal static class ClusterLook
{
    /// <summary>Reads the clients and connections of the cluster that is meant.</summary>
    /// <exception cref="LiveObjectsException">It cannot be read; the message says why.</exception>
    public static async Task<LiveObjects> ReadAsync(string? kubeconfig, string? context, TimeProvider time, CancellationToken stop)
    {
        try
        {
            var access = ClusterAccess.Load(kubeconfig, context);
            await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
            using var connections = new KubernetesHttp(
                access,
                new KubernetesHttpOptions(),
                time,
                services.GetRequiredService<IMeterFactory>()
            );
            return await LiveObjects.ReadAsync(new HttpKubernetesClient(connections, time, RandomSource.Next), stop);
        }
        catch (Exception exception)
            when (exception is ClusterAccessException or KubernetesException or HttpRequestException or TimeoutException)
        {
            throw new LiveObjectsException($"--cluster: the cluster cannot be read: {FailureWords.Of(exception)}", exception);
        }
    }
}

/// <summary>The options that say which cluster is meant, as kubectl has them; shared by the verbs that speak to one.</summary>
internal sealed class ClusterSettings
{
    private readonly Setting kubeconfig = new(
        "kubeconfig",
        "FILE",
        "Kubeconfig file. Default: $KUBECONFIG, ~/.kube/config, or the service account of the pod"
    );
    private readonly Setting context = new("context", "NAME", "Context of the kubeconfig. Default: its current context");

    /// <summary>The options in the order of the help.</summary>
    public IEnumerable<Setting> All => [kubeconfig, context];

    /// <summary>Reads the path of the kubeconfig and the name of the context; null where absent.</summary>
    public (string? Kubeconfig, string? Context) Read(SettingReader reader) => (reader.Text(kubeconfig), reader.Text(context));
}
