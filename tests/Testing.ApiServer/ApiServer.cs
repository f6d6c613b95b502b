using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.Testing.ApiServer;

/// <summary>
/// A real Kubernetes API server for tests, with etcd behind it and, where there is a kube-controller-manager, garbage collection by
/// owner reference and deletion of namespaces. Either its own (it can be stopped and started again), or the cluster that
/// <c>TEST_KUBECONFIG</c> names, or K3s in a container from the image that <c>TEST_K3S_IMAGE</c> names.
/// </summary>
public sealed class ApiServer : IApiEndpoint, IAsyncDisposable
{
    /// <summary>The variable that names the kubeconfig of an existing cluster.</summary>
    public const string KubeconfigVariable = "TEST_KUBECONFIG";

    /// <summary>Why a test that stops the server cannot run here; for <c>Assert.SkipUnless(server.CanRestart, ...)</c>.</summary>
    public const string NoRestartReason =
        $"{KubeconfigVariable} or {K3sCluster.ImageVariable} names a cluster that this test cannot stop and start again. Unset it to "
        + "run the test against an own server.";

    private readonly OwnCluster? own;
    private readonly K3sCluster? container;
    private readonly ClusterAccess access;

    private ApiServer(string kubeconfigPath, OwnCluster? own, K3sCluster? container = null)
    {
        this.own = own;
        this.container = container;
        KubeconfigPath = kubeconfigPath;
        access = ClusterAccess.Load(own?.TokenKubeconfigPath ?? kubeconfigPath);
        Admin = ApiClient.From(access);
    }

    /// <summary>A kubeconfig whose user may do everything.</summary>
    public string KubeconfigPath { get; }

    /// <summary>The API with the rights of an administrator.</summary>
    public ApiClient Admin { get; }

    /// <inheritdoc/>
    public Uri Server => access.Server;

    /// <inheritdoc/>
    public string? AuthorityPem => access.AuthorityPem;

    /// <summary>Whether tests meet a cluster of somebody else, and leave nothing behind in it.</summary>
    public static bool OutlivesTheTests => Environment.GetEnvironmentVariable(KubeconfigVariable) is { Length: > 0 };

    /// <summary>Whether this is an own server, which a test may stop, kill and start again.</summary>
    public bool CanRestart => own is not null;

    /// <summary>Whether owner references and namespaces are cleaned up. A cluster of somebody else is taken to be whole.</summary>
    public bool HasControllerManager => own?.HasControllerManager ?? true;

    /// <summary>The folder with the logs of the own processes; null for a cluster of somebody else. It goes when the server
    /// is disposed, unless the variable <c>TEST_APISERVER_LOGS</c> names a folder to keep the logs in.</summary>
    public string? LogFolder => own?.LogFolder;

    internal ClusterAccess Access => access;

    /// <summary>Starts an own cluster, or takes the one that <c>TEST_KUBECONFIG</c> names, and waits until it is ready.</summary>
    /// <exception cref="FileNotFoundException">There are no binaries; the message says what to do.</exception>
    /// <exception cref="InvalidOperationException">A process ended at once; the message holds the end of its log.</exception>
    /// <exception cref="TimeoutException">The server did not become ready.</exception>
    public static async Task<ApiServer> StartAsync(ApiServerOptions options, CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable(KubeconfigVariable) is { Length: > 0 } kubeconfig)
        {
            return await WithCrdsAsync(new ApiServer(kubeconfig, own: null), options, cancellationToken);
        }

        if (Environment.GetEnvironmentVariable(K3sCluster.ImageVariable) is { Length: > 0 } image)
        {
            var k3s = await K3sCluster.StartAsync(image, cancellationToken);
            return await WithCrdsAsync(new ApiServer(k3s.KubeconfigPath, own: null, k3s), options, cancellationToken);
        }

        var cluster = await OwnCluster.StartAsync(ApiServerBinaries.Find(), options, cancellationToken);
        var server = new ApiServer(cluster.KubeconfigPath, cluster);
        try
        {
            await cluster.WaitUntilReadyAsync(server.Admin, cancellationToken);
            await server.InstallCrdsAsync(options, cancellationToken);
            await cluster.StartControllerManagerAsync(server.Admin, cancellationToken);
            return server;
        }
        catch
        {
            server.Admin.Dispose();
            await cluster.AbandonAsync();
            throw;
        }
    }

    /// <summary>Kills the API server (SIGKILL): all connections break at once; etcd keeps running.</summary>
    /// <exception cref="InvalidOperationException">This is not an own server.</exception>
    public Task KillAsync(CancellationToken cancellationToken) => Own().KillServerAsync(cancellationToken);

    /// <summary>Starts the stopped or killed API server again, on the same port and data, and waits until it is ready.</summary>
    /// <exception cref="InvalidOperationException">This is not an own server.</exception>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        Own().StartServer();
        await Own().WaitUntilReadyAsync(Admin, cancellationToken);
    }

    /// <summary>For tests that look at garbage collection: fails when nothing collects.</summary>
    /// <exception cref="InvalidOperationException">There is no kube-controller-manager; the message says what to do.</exception>
    public void EnsureControllerManager()
    {
        if (!HasControllerManager)
        {
            throw new InvalidOperationException(
                "This test needs kube-controller-manager, which KUBEBUILDER_ASSETS lacks. Put one of the same version beside "
                + $"kube-apiserver, or unset it. {ApiServerBinaries.Remedy}"
            );
        }
    }

    /// <summary>Kills etcd (SIGKILL), so that the API server, which keeps running, can answer hardly anything.</summary>
    /// <exception cref="InvalidOperationException">This is not an own server.</exception>
    public Task KillEtcdAsync(CancellationToken cancellationToken) => Own().KillEtcdAsync(cancellationToken);

    /// <summary>Starts the killed etcd again, on the same port and data, and waits until the API server is ready.</summary>
    /// <exception cref="InvalidOperationException">This is not an own server.</exception>
    public async Task StartEtcdAgainAsync(CancellationToken cancellationToken)
    {
        await Own().StartEtcdAgainAsync(cancellationToken);
        await Own().WaitUntilReadyAsync(Admin, cancellationToken);
    }

    /// <summary>
    /// Has the garbage collector know every definition that there is now, once this returns. One that runs looks for new definitions every
    /// 30 s. It never learns of one that comes and goes in between, and what objects of that kind owned stays.
    /// </summary>
    /// <exception cref="InvalidOperationException">This is not an own server.</exception>
    public Task StartControllerManagerAgainAsync(CancellationToken cancellationToken) =>
        Own().StartControllerManagerAgainAsync(Admin, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        if (own is not null)
        {
            await own.DisposeAsync();
        }

        if (container is not null)
        {
            await container.DisposeAsync();
        }
    }

    private static async Task<ApiServer> WithCrdsAsync(ApiServer server, ApiServerOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await server.InstallCrdsAsync(options, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private OwnCluster Own() => own ?? throw new InvalidOperationException(NoRestartReason);

    private async Task InstallCrdsAsync(ApiServerOptions options, CancellationToken cancellationToken)
    {
        foreach (var folder in options.CrdFolders)
        {
            await CustomResourceDefinitions.InstallAsync(Admin, folder, cancellationToken);
        }
    }
}
