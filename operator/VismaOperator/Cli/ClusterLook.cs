using System.Diagnostics.Metrics;
using Kubernetes.Client;
using Kubernetes.Client.Access;
using VismaOperator.Cli.Check;
using VismaOperator.Cli.Cluster;
using VismaOperator.Hosting;

namespace VismaOperator.Cli;

/// <summary>A cluster as the account of a kubeconfig may see it, for verbs that speak to one and end.</summary>
internal sealed class ClusterConnection : IAsyncDisposable
{
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
        Namespace = access.Namespace ?? ClusterAccess.DefaultNamespace;
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
    /// <param name="source">The kubeconfig and its context.</param>
    /// <param name="time">Durations.</param>
    /// <param name="otherwise">What can be named in place of a cluster, as a sentence; said where there is none.</param>
    /// <exception cref="ClusterAccessException">There is no usable access; the message says what to do.</exception>
    public static ClusterConnection Open(NamedSource source, TimeProvider time, string? otherwise = null)
    {
        try
        {
            return new(ClusterAccess.Load(source.Kubeconfig, source.Context), time);
        }
        catch (ClusterAccessException none) when (none.IsNoCluster && otherwise is not null)
        {
            throw new ClusterAccessException($"{none.Message} {otherwise}", none);
        }
    }

    /// <summary>For verbs that also look at local mode.</summary>
    public const string OrState = "Or name the state directory of local mode: --state DIR";

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
            await using var cluster = ClusterConnection.Open(new NamedSource(kubeconfig, context), time);
            return await LiveObjects.ReadAsync(cluster.Client, cluster.Server, stop);
        }
        catch (ClusterAccessException exception)
        {
            throw new LiveObjectsException(exception.Message, exception);
        }
    }
}
