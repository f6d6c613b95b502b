using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kubernetes.Client;
using Kubernetes.Client.Access;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Telemetry;
using OpenTelemetry.Metrics;
using VismaOperator.Consent.Web;
using VismaOperator.Sets;

namespace VismaOperator.Hosting;

/// <summary><c>run</c>: the operator against a cluster. Everything it consists of is constructed here.</summary>
internal sealed partial class ClusterRun(OperatorOptions options, TimeProvider time)
{
    private const string LeaseName = "visma-operator";

    private const string NoNamespaces =
        "spec.tenantsFrom.namespaceSelector needs an operator that serves all namespaces, and this one serves listed ones (--namespaces) "
        + "and cannot read the others: list the tenants in the set or in a ConfigMap.";

    /// <summary>Runs until stopped. Unusable access to the cluster and failures of any part are thrown.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _ = Task.Run(ReadAuthorities, CancellationToken.None);
        var access = ClusterAccess.Load(options.Kubeconfig, options.Context);
        await using var http = HttpHost.Build(options);
        var logs = http.Services.GetRequiredService<ILoggerFactory>();
        http.Services.GetRequiredService<MeterProvider>(); // what is counted before this exists is lost, also a zero
        var meters = http.Services.GetRequiredService<IMeterFactory>();
        using var otlp = OtlpExport.Start(options, Environment.GetEnvironmentVariable, logs.CreateLogger<OtlpExport>());
        using var connections = new KubernetesHttp(access, new KubernetesHttpOptions(), time, meters);
        using var metrics = new ControllerMetrics(meters);
        using var oauth = new OAuthEndpoints(options.AllowLists, time);
        var client = new HttpKubernetesClient(connections, time, RandomSource.Next);
        var elector = Elects(access) ? Elector(client, access, logs, metrics) : null;
        var leader = elector is null ? Leader.Always() : Leader.Elected(elector);
        var health = new OperatorHealth();

        var gauges = new ObjectGauges();
        http.ServeOperator(
            health,
            gauges,
            options.MetricsAuth ? new MetricsAuthentication(client, time, logs.CreateLogger<MetricsAuthentication>()) : null
        );
        await http.ListenAsync(("--http-port", options.HttpPort), stop);
        var (log, port) = (logs.CreateLogger<ClusterRun>(), http.Port);
        var (namespaces, issuers) = (StartWords.Namespaces(options.Namespaces), StartWords.Issuers(options.AllowLists));
        LogStarted(log, Product.Version, access.Server, access.Source, port, namespaces, issuers);

        var context = Context(client, oauth, leader, metrics, http.Services) with
        {
            ObjectGauges = options.ConnectionMetrics ? gauges : null,
        };
        using var controllers = new OperatorControllers(context with { Lease = Elects(access) ? LeaseOf(access) : null });
        otlp?.Add(gauges.All);
        health.Watch(() => controllers.Stuck(elector?.Overdue ?? TimeSpan.Zero), () => controllers.MissingLists);
        await using var pages = await PagesAsync(controllers, log, stop);
        if (pages is not null)
        {
            controllers.AddServer(new BackgroundLoop("consent pages", pages.RunAsync));
        }

        try
        {
            await new OperatorHost(controllers, leader, health, time, logs.CreateLogger<OperatorHost>()).RunAsync(stop);
        }
        finally
        {
            await http.StopAsync(CancellationToken.None); // bounded by the host's own deadline
        }
    }

    /// <summary>
    /// Has the runtime read the machine's certificate authorities now, beside the start of the web server. It reads all of them (more than
    /// a hundred) before its first TLS connection, whatever that connection trusts, and keeps them for some minutes. Where they cannot be
    /// read, that connection reports it.
    /// </summary>
    private static void ReadAuthorities()
    {
        using var store = new X509Store(StoreName.CertificateAuthority, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
        foreach (var intermediate in store.Certificates)
        {
            intermediate.Dispose();
        }
    }

    private OperatorContext Context(
        IKubernetesClient client,
        OAuthEndpoints oauth,
        Leader leader,
        ControllerMetrics metrics,
        IServiceProvider services
    ) =>
        new()
        {
            Client = client,
            Namespaces = options.Namespaces,
            AllowLists = options.AllowLists,
            Workers = options.Workers,
            Leadership = leader.Leadership,
            Tokens = oauth.Tokens,
            Metadata = oauth.Metadata,
            Revocation = oauth.Revocation,
            Probe = oauth.Probe,
            PublicUrl = options.PublicUrl,
            Time = time,
            Logs = services.GetRequiredService<ILoggerFactory>(),
            Meters = services.GetRequiredService<IMeterFactory>(),
            Metrics = metrics,
            Random = RandomSource.Next,
            RandomBytes = RandomNumberGenerator.GetBytes,
            Instance = Environment.MachineName,
            Sets = options.ConnectionSets ? new SetScope(options.Namespaces.Count == 0 ? null : NoNamespaces) : null,
        };

    /// <summary>The consent pages, listening; null where no public URL leads to them.</summary>
    private async Task<ConsentHost?> PagesAsync(OperatorControllers controllers, ILogger log, CancellationToken stop)
    {
        if (options.PublicUrl is not { } publicUrl || controllers.ConsentFlow is not { } flow)
        {
            return null;
        }

        var pages = ConsentHost.Build(
            new ConsentHostOptions(publicUrl, options.ConsentPort),
            flow,
            () => controllers.HasSynced,
            logging => logging.WriteToConsole(options.Logs)
        );
        await pages.ListenAsync(stop);
        LogPages(log, publicUrl, pages.Port);
        return pages;
    }

    /// <summary>
    /// Outside a cluster there are no replicas. Whoever tries the operator on a laptop would wait for the lease of the one in the cluster.
    /// </summary>
    private bool Elects(ClusterAccess access) => options.LeaderElection ?? access.IsInCluster;

    private static NamespacedName LeaseOf(ClusterAccess access) => new(access.Namespace ?? ClusterAccess.DefaultNamespace, LeaseName);

    private LeaderElector Elector(IKubernetesClient client, ClusterAccess access, ILoggerFactory logs, ControllerMetrics metrics)
    {
        // The name of a pod is unique at a time but not over time: a restarted container must not take the lease of its former self for its
        // own.
        var identity = $"{Environment.MachineName}_{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        var terms = new LeaderElectionOptions(LeaseOf(access), identity) { Times = options.LeaseTimes };
        return new LeaderElector(client, terms, time, RandomSource.Next, logs.CreateLogger<LeaderElector>(), metrics);
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        EventName = "Started",
        Message = "visma-operator {Version} serves {Server} ({Source}); health and metrics on port {Port}; namespaces: {Namespaces}; "
            + "allowed issuers: {Issuers}"
    )]
    private static partial void LogStarted(
        ILogger logger,
        string version,
        Uri server,
        string source,
        int port,
        string namespaces,
        string issuers
    );

    [LoggerMessage(Level = LogLevel.Information, EventName = "ConsentPagesServed", Message = "Consent pages of {PublicUrl} on port {Port}")]
    private static partial void LogPages(ILogger logger, Uri publicUrl, int port);
}
