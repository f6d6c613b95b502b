using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.Testing.ApiServer.Cluster;

/// <summary>The processes of a cluster that belongs to this test run.</summary>
internal sealed class OwnCluster : IAsyncDisposable
{
    // A start takes seconds of processor time, which many tests wait for. One that fails ends the wait at once.
    private static readonly TimeSpan patienceForStart = TimeSpan.FromMinutes(5);

    private readonly ClusterCommands commands;
    private readonly ApiServerOptions options;
    private RealProcess etcd;
    private RealProcess? server;
    private RealProcess? controllerManager;

    private OwnCluster(ClusterCommands commands, ApiServerOptions options)
    {
        this.commands = commands;
        this.options = options;
        etcd = RealProcess.Start(commands.Etcd());
    }

    public string KubeconfigPath => commands.Folder.KubeconfigFile;

    public string TokenKubeconfigPath => commands.Folder.TokenKubeconfigFile;

    public string LogFolder => commands.Folder.Logs;

    public bool HasControllerManager => commands.Binaries.KubeControllerManager is not null;

    /// <summary>Starts etcd and, once it answers, the API server.</summary>
    public static async Task<OwnCluster> StartAsync(
        ApiServerBinaries binaries,
        ApiServerOptions options,
        CancellationToken cancellationToken
    )
    {
        var port = FreePort.Take();
        var folder = ClusterFolder.Create(new Uri($"https://127.0.0.1:{port}"), TimeProvider.System);
        var cluster = new OwnCluster(new ClusterCommands(binaries, folder, port, FreePort.Take(), FreePort.Take()), options);
        try
        {
            await cluster.WaitForEtcdAsync(cancellationToken);
            cluster.StartServer();
            return cluster;
        }
        catch
        {
            await cluster.AbandonAsync();
            throw;
        }
    }

    public void StartServer()
    {
        if (server is { HasExited: false })
        {
            throw new InvalidOperationException("The API server already runs.");
        }

        server = RealProcess.Start(commands.ApiServer(options.ExtraArguments));
    }

    public async Task StartControllerManagerAsync(ApiClient admin, CancellationToken cancellationToken)
    {
        if (commands.Binaries.KubeControllerManager is { } program)
        {
            var version = await admin.GetServerVersionAsync(cancellationToken);
            controllerManager = RealProcess.Start(commands.ControllerManager(program, version));
        }
    }

    public async Task StartControllerManagerAgainAsync(ApiClient admin, CancellationToken cancellationToken)
    {
        if (controllerManager is { } former)
        {
            await former.DisposeAsync();
            await StartControllerManagerAsync(admin, cancellationToken);
            await controllerManager.WaitForLineAsync("Proceeding to collect garbage", cancellationToken);
        }
    }

    public Task KillEtcdAsync(CancellationToken cancellationToken) => etcd.KillAsync(cancellationToken);

    public Task StartEtcdAgainAsync(CancellationToken cancellationToken)
    {
        etcd = etcd.HasExited
            ? RealProcess.Start(commands.Etcd())
            : throw new InvalidOperationException("etcd already runs.");
        return WaitForEtcdAsync(cancellationToken);
    }

    public Task KillServerAsync(CancellationToken cancellationToken) => Running().KillAsync(cancellationToken);

    /// <summary>
    /// Ready means that all of the server's own start-up work is done: the built-in RBAC roles, which its own answer covers, and the
    /// namespace <c>default</c>, which it makes some time after it has called itself ready.
    /// </summary>
    public Task WaitUntilReadyAsync(ApiClient admin, CancellationToken cancellationToken) =>
        Eventually.BecomesTrueAsync($"kube-apiserver to become ready (log: {Running().LogFile})", async token =>
        {
            Running().EnsureRunning();
            return await admin.IsReadyAsync(token) && await admin.FindAsync("/api/v1/namespaces/default", token) is not null;
        }, cancellationToken, patienceForStart);

    /// <summary>Ends the processes but keeps the logs, which show why the start failed.</summary>
    public async Task AbandonAsync()
    {
        foreach (var process in new[] { controllerManager, server, etcd })
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await AbandonAsync();
        commands.Folder.Delete();
    }

    private async Task WaitForEtcdAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await Eventually.BecomesTrueAsync($"etcd to become healthy (log: {etcd.LogFile})", async token =>
        {
            etcd.EnsureRunning();
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{commands.EtcdPort}/health"), token);
            return response.IsSuccessStatusCode;
        }, cancellationToken, patienceForStart);
    }

    private RealProcess Running() => server ?? throw new InvalidOperationException("The API server was never started.");
}
