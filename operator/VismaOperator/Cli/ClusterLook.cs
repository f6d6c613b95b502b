using System.Diagnostics.Metrics;
using Kubernetes.Client;
using Kubernetes.Client.Access;
using VismaOperator.Cli.Check;
using VismaOperator.Hosting;
using VismaOperator.Reporting;

namespace VismaOperator.Cli;

/// <summary>A cluster as the account of a kubeconfig may see it, for verbs that speak to one and end.</summary>
internal sealed class ClusterConnection : IAsyncDisposable
{
    private const string FallbackNamespace = "default";

    private readonly ServiceProvider services;
    private readonly KubernetesHttp http;

    private ClusterConnection(ClusterAccess access, TimeProvider time)
    {
        services = new ServiceCollection()
            .AddMetrics()
            .AddLogging(logging => logging.WriteToConsole(new LogOptions { Format = LogFormat.Text, Level = LogLevel.Warning }))
            .BuildServiceProvider();
        http = new KubernetesHttp(access, new KubernetesHttpOptions(), time, services.GetRequiredService<IMeterFactory>());
        Client = new HttpKubernetesClient(http, time, RandomSource.Next);
        Log = services.GetRequiredService<ILogger<ClusterConnection>>();
        Server = access.Server.ToString();
        Namespace = access.Namespace ?? FallbackNamespace;
    }

    /// <summary>The API server.</summary>
    public IKubernetesClient Client { get; }

    /// <summary>Its address, for messages.</summary>
    public string Server { get; }

    /// <summary>The namespace of the context, as kubectl takes it.</summary>
    public string Namespace { get; }

    /// <summary>Warnings, to standard error.</summary>
    public ILogger Log { get; }

    /// <summary>Finds the cluster as kubectl does.</summary>
    /// <exception cref="ClusterAccessException">There is no usable access; the message says what to do.</exception>
    public static ClusterConnection Open(string? kubeconfig, string? context, TimeProvider time) =>
        new(ClusterAccess.Load(kubeconfig, context), time);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await services.DisposeAsync();
    }
}

/// <summary>One look into a cluster, for <c>check --cluster</c>.</summary>
internal static class ClusterLook
{
    /// <summary>Reads the clients and connections of the cluster that is meant.</summary>
    /// <exception cref="LiveObjectsException">It cannot be read; the message says why.</exception>
    public static async Task<LiveObjects> ReadAsync(string? kubeconfig, string? context, TimeProvider time, CancellationToken stop)
    {
        try
        {
            await using var cluster = ClusterConnection.Open(kubeconfig, context, time);
            return await LiveObjects.ReadAsync(cluster.Client, stop);
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
