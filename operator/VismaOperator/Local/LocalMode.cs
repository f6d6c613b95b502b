using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Kubernetes.Controllers.Telemetry;
using VismaOperator.Api;
using VismaOperator.Hosting;
using VismaOperator.Sets;

namespace VismaOperator.Local;

/// <summary>
/// <c>local</c>: the controllers of <c>run</c> over a cluster in memory. Manifests take the place of kubectl, folders that of mounted
/// Secrets, a locked directory that of etcd and of the lease; nothing else differs.
/// </summary>
internal sealed partial class LocalMode(LocalOptions options, TextWriter output, TimeProvider time)
{
    private const int Workers = OperatorOptions.DefaultWorkers;
    private const string OutputLock = ".visma-operator.lock";

    private const string NoNamespaces =
        "spec.tenantsFrom.namespaceSelector speaks of the namespaces of a cluster, and local mode has none: list the tenants in the set or "
        + "in a ConfigMap.";

    /// <summary>Runs until stopped, or until settled where that was asked for.</summary>
    /// <returns>False when a connection is not Ready although all have settled.</returns>
    /// <exception cref="LocalException">A directory cannot be used, or no longer be written.</exception>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        await using var services = new ServiceCollection()
            .AddMetrics()
            .AddLogging(logging => logging.WriteToConsole(options.Logs))
            .BuildServiceProvider();
        var logs = services.GetRequiredService<ILoggerFactory>();
        using var metrics = new ControllerMetrics(services.GetRequiredService<IMeterFactory>());
        using var oauth = new OAuthEndpoints(options.AllowLists, time);
        var (publish, settle) = (new Wakeup(time), new Wakeup(time));
        using var cluster = new LocalCluster(options.State, Both(publish, settle), time);
        using var held = TakeOutput(Path.GetFullPath(options.Output));
        var log = logs.CreateLogger<LocalMode>();
        var issuers = StartWords.Issuers(options.AllowLists);
        LogStarted(log, Product.Version, options.Output, options.State, issuers);
        WarnWithoutModes(log);

        var manifests = new ManifestFolders(
            options.Source,
            new ManifestApplier(cluster.Client, logs.CreateLogger<ManifestApplier>()),
            time,
            logs.CreateLogger<ManifestFolders>()
        );
        cluster.Recall(await manifests.ReadSecretsAsync(stop));
        await manifests.LoadIfChangedAsync(stop);
        var inbox = new HandoffInbox(options.State, cluster.Client, time, logs.CreateLogger<HandoffInbox>());
        await inbox.LookAsync(stop);
        var folders = new SecretFolders(cluster.Client, options.Output, publish, time, logs.CreateLogger<SecretFolders>());
        var leader = Leader.Always();
        using var controllers = new OperatorControllers(
            new OperatorContext
            {
                Client = cluster.Client,
                Namespaces = [],
                AllowLists = options.AllowLists,
                Workers = Workers,
                Leadership = leader.Leadership,
                Tokens = oauth.Tokens,
                Metadata = oauth.Metadata,
                Revocation = oauth.Revocation,
                Probe = oauth.Probe,
                TakeoverWait = TimeSpan.Zero, // the lock of the state directory proves that the process that began an exchange has ended
                HasWorkloads = false,
                ConnectArguments = $"--state {Path.GetFullPath(options.State)}",
                Time = time,
                Logs = logs,
                Meters = services.GetRequiredService<IMeterFactory>(),
                Metrics = metrics,
                Random = RandomSource.Next,
                RandomBytes = RandomNumberGenerator.GetBytes,
                Instance = Environment.MachineName,
                Sets = new SetScope(NoNamespaces),
            }
        );
        controllers.AddFeeds(
        [
            new("manifests", manifests.RunAsync),
            new("codes", inbox.RunAsync),
            new("token files", folders.RunAsync),
            new("events", cluster.SweepEventsAsync),
        ]);
        var host = new OperatorHost(controllers, leader, new OperatorHealth(), time, logs.CreateLogger<OperatorHost>());
        return options.Until == LocalRun.Settled
            ? await RunUntilSettledAsync(
                host,
                cluster,
                folders,
                new Settlement(cluster.Client, controllers.WhenAtRestAsync, () => controllers.ConnectionsWithPendingGrants, settle, time),
                stop
            )
            : await RunUntilStoppedAsync(host, stop);
    }

    // Two processes would each remove what the other one has published.
    private static FolderLock TakeOutput(string path)
    {
        try
        {
            UnixFiles.CreatePrivateDirectory(path);
            return FolderLock.Take("--out", path, OutputLock);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalException(
                $"--out {path} cannot be used: {exception.Message} Name a directory that this user can write.",
                exception
            );
        }
    }

    private static Action Both(Wakeup first, Wakeup second) => () =>
    {
        first.Signal();
        second.Signal();
    };

    private static async Task<bool> RunUntilStoppedAsync(OperatorHost host, CancellationToken stop)
    {
        await host.RunAsync(stop);
        return true;
    }

    private async Task<bool> RunUntilSettledAsync(
        OperatorHost host,
        LocalCluster cluster,
        SecretFolders folders,
        Settlement settlement,
        CancellationToken stop
    )
    {
        using var patience = Deadline.After(options.Timeout, time);
        using var settled = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        var running = host.RunAsync(settled.Token);
        var waiting = settlement.WaitAsync(settled.Token);
        await Task.WhenAny(running, waiting);
        await settled.CancelAsync();
        await running; // throws the failure of a part
        var failure = await PublishAsync(folders);
        var report = await ConnectionReport.ReadAsync(cluster.Client, time, CancellationToken.None);
        await output.WriteAsync(report.ToTable());
        if (patience.IsCancellationRequested && !report.IsSettled)
        {
            await output.WriteLineAsync(
                $"Not every connection has settled after {GoDuration.Format(options.Timeout)} (--timeout): the others would be tried "
                + "further."
            );
        }

        var pending = settlement.ConnectionsWithPendingGrants;
        await output.WriteAsync(report.Remarks(pending));
        return failure is null ? report.AllReady && report.Exchanging.Count == 0 && pending.Count == 0 : throw failure;
    }

    // The last change may be newer than the last look. If the disk is full, the statuses are still printed.
    private async Task<LocalException?> PublishAsync(SecretFolders folders)
    {
        try
        {
            await folders.PublishAsync(CancellationToken.None);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new LocalException(
                $"--out {Path.GetFullPath(options.Output)} cannot be written: {exception.Message} Make room, or name a directory that "
                + "this user can write.",
                exception
            );
        }
    }

    private static void WarnWithoutModes(ILogger logger)
    {
        if (OperatingSystem.IsWindows())
        {
            LogNoModes(logger);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        EventName = "LocalStarted",
        Message = "visma-operator {Version} runs locally; token files in {Output}, state in {State}; allowed issuers: {Issuers}"
    )]
    private static partial void LogStarted(ILogger logger, string version, string output, string state, string issuers);

    [LoggerMessage(
        Level = LogLevel.Warning,
        EventName = "NoFileModes",
        Message = "This system has no Unix file modes: token files and state are as open as their directories. Restrict those yourself"
    )]
    private static partial void LogNoModes(ILogger logger);
}
