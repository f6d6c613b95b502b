using System.CommandLine;
using Kubernetes.Controllers.Leadership;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Hosting;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator run</c>: the operator against a cluster.</summary>
internal sealed class RunVerb
{
    private const int MostWorkers = 256;

    private readonly ClusterSettings cluster = new();
    private readonly Setting namespaces = new("namespaces", "NAME,...", "Namespaces to serve. Default: all", SettingShape.List);
    private readonly Setting leaderElect = new(
        "leader-elect",
        "true|false",
        "Act only while holding the Lease, so that several replicas can run. Default: true in a cluster, false outside",
        SettingShape.Switch
    );
    private readonly Setting leaseDuration = new(
        "leader-elect-lease-duration",
        "DURATION",
        "How long other replicas wait, after the last renewal of the Lease, until one of them takes over. Whole seconds. Default: 15s"
    );
    private readonly Setting renewDeadline = new(
        "leader-elect-renew-deadline",
        "DURATION",
        "How long the leader goes on without a renewal of the Lease. Shorter than the lease duration. Default: 10s"
    );
    private readonly Setting retryPeriod = new(
        "leader-elect-retry-period",
        "DURATION",
        "Pause between two renewals of the Lease; a replica that waits looks twice in this time. 1.2 of it are shorter than the renew "
        + "deadline. Default: 2s"
    );
    private readonly Setting workers = new(
        "workers",
        "N",
        $"Objects of one kind that are reconciled at the same time. Default: {OperatorOptions.DefaultWorkers}"
    );
    private readonly Setting httpPort = new(
        "http-port",
        "N",
        $"TCP port of health and metrics; 0 takes a free one and logs it. Default: {OperatorOptions.DefaultHttpPort}"
    );
    private readonly Setting httpTls = new(
        "http-tls",
        "DIR",
        "Folder with tls.crt and tls.key (PEM), read again when they change: health and metrics are then served by https. Default: http"
    );
    private readonly Setting metricsAuth = new(
        "metrics-auth",
        "true|false",
        "Serve /metrics only to those whose bearer token the API server knows (TokenReview) and lets get the path /metrics "
        + "(SubjectAccessReview). Needs a ClusterRole. Default: false",
        SettingShape.Switch
    );
    private readonly Setting insecureMetricsAuth = new(
        "insecure-metrics-auth",
        "true|false",
        "Let --metrics-auth take tokens over plain http, for example where a mesh encrypts the port. Default: false",
        SettingShape.Switch
    );
    private readonly Setting connectionMetrics = new(
        "connection-metrics",
        "true|false",
        "Serve metrics that name each connection and client, for example when its token expires: about four series for each connection. "
        + "Default: true",
        SettingShape.Switch
    );
    private readonly Setting connectionSets = new(
        "connection-sets",
        "true|false",
        "Serve VismaConnectionSets: create, change and delete a VismaConnection for each of their tenants. Needs further permissions. "
        + "Default: false",
        SettingShape.Switch
    );
    private readonly Setting publicUrl = new(
        "public-url",
        "URL",
        "Where people reach the consent pages of interactive connections, for example https://visma-operator.example.com; https, or "
        + "http on this machine. Default: no consent pages are served"
    );
    private readonly Setting consentPort = new(
        "consent-port",
        "N",
        "TCP port of the consent pages, where --public-url is set; 0 takes a free one and logs it. Default: "
        + $"{OperatorOptions.DefaultConsentPort}"
    );
    private readonly AllowListSettings allowLists = new();
    private readonly LogSettings logs = new(LogFormat.Json);

    private IEnumerable<Setting> All =>
    [
        .. cluster.All,
        namespaces,
        .. allowLists.All,
        leaderElect,
        leaseDuration,
        renewDeadline,
        retryPeriod,
        workers,
        httpPort,
        httpTls,
        metricsAuth,
        insecureMetricsAuth,
        connectionMetrics,
        connectionSets,
        publicUrl,
        consentPort,
        .. logs.All,
    ];

    /// <summary>The verb; <paramref name="start"/> runs the operator with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<OperatorOptions, CancellationToken, Task<int>> start)
    {
        return new Command("run", "Runs the operator against a Kubernetes cluster.")
            .With(All)
            .Run(process, (reader, _) => Read(reader), start);
    }

    private OperatorOptions Read(SettingReader reader)
    {
        var (kubeconfig, context) = cluster.Read(reader);
        var lists = allowLists.Read(reader);
        var options = new OperatorOptions
        {
            Kubeconfig = kubeconfig,
            Context = context,
            Namespaces = reader.List(namespaces, SettingChecks.NamespaceName, "Write names of namespaces, separated by commas.") ?? [],
            AllowLists = lists,
            LeaderElection = reader.Switch(leaderElect),
            LeaseTimes = Times(reader),
            Workers = reader.Number(workers, OperatorOptions.DefaultWorkers, 1, MostWorkers),
            HttpPort = reader.Port(httpPort, OperatorOptions.DefaultHttpPort, least: 0),
            HttpTls = reader.Text(httpTls),
            MetricsAuth = reader.Switch(metricsAuth) ?? false,
            ConnectionMetrics = reader.Switch(connectionMetrics) ?? true,
            ConnectionSets = reader.Switch(connectionSets) ?? false,
            PublicUrl = PublicUrl(reader, lists),
            ConsentPort = reader.Port(consentPort, OperatorOptions.DefaultConsentPort, least: 0),
            Logs = logs.Read(reader),
        };
        RequireApart(reader, options);
        RequireTls(reader, options);
        foreach (var variable in OtlpExport.UnusableVariables(reader.Variable))
        {
            reader.Report(variable, "is no http or https URL", "Write it as http://collector.example:4317, or leave it out.");
        }

        return options;
    }

    private LeaseTimes Times(SettingReader reader)
    {
        var (usual, known) = (new LeaseTimes(), reader.Problems.Count);
        var times = new LeaseTimes
        {
            LeaseDuration = reader.Duration(leaseDuration, usual.LeaseDuration),
            RenewDeadline = reader.Duration(renewDeadline, usual.RenewDeadline),
            RetryPeriod = reader.Duration(retryPeriod, usual.RetryPeriod),
        };
        // One that could not be read counts as its default, which may not go with the others.
        if (reader.Problems.Count == known && times.Problem() is { } cause)
        {
            reader.Report(
                leaseDuration,
                $"{GoDuration.Format(times.LeaseDuration)}, with {GoDuration.Format(times.RenewDeadline)} as renew deadline and "
                + $"{GoDuration.Format(times.RetryPeriod)} as retry period: {cause}",
                "Set all three, for example 6s, 4s and 1s, or leave them out for 15s, 10s and 2s."
            );
        }

        return times;
    }

    private Uri? PublicUrl(SettingReader reader, AllowLists lists)
    {
        if (reader.Text(publicUrl) is not { } text)
        {
            return null;
        }

        if (SettingChecks.PublicUrl(text, lists) is { } cause)
        {
            reader.Report(publicUrl, $"'{text}': {cause}", "Write it as people reach it, for example https://visma-operator.example.com.");
            return null;
        }

        // In the form in which browsers write it, since they compare it with the address that they were sent to.
        return new Uri(new Uri(text).GetLeftPart(UriPartial.Path).TrimEnd('/'));
    }

    // As in kube-rbac-proxy: to take tokens over plain http needs an option of its own.
    private void RequireTls(SettingReader reader, OperatorOptions options)
    {
        if (options is { MetricsAuth: true, HttpTls: null } && reader.Switch(insecureMetricsAuth) != true)
        {
            reader.Report(
                metricsAuth,
                "needs --http-tls: over plain http, anybody on the network can read the tokens of those who read /metrics",
                "Set --http-tls, or --insecure-metrics-auth where a mesh encrypts this port."
            );
        }
    }

    private void RequireApart(SettingReader reader, OperatorOptions options)
    {
        if (options.PublicUrl is not null && options.ConsentPort != 0 && options.ConsentPort == options.HttpPort)
        {
            reader.Report(
                consentPort,
                "is the port of --http-port, so everybody who reaches the consent pages would reach the metrics",
                "Name another port."
            );
        }
    }
}
