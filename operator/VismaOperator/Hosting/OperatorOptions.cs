using Kubernetes.Controllers.Leadership;
using VismaOperator.Api.Validation;

namespace VismaOperator.Hosting;

/// <summary>The options of <c>run</c>.</summary>
internal sealed record OperatorOptions
{
    /// <summary>Path of a kubeconfig; null for KUBECONFIG, ~/.kube/config or the service account, in that order.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Context of the kubeconfig; null for its current one.</summary>
    public string? Context { get; init; }

    /// <summary>Namespaces to serve; empty for all (needs cluster-wide permissions).</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>What the administrator allows.</summary>
    public AllowLists AllowLists { get; init; } = new();

    /// <summary>True to serve only while holding the Lease; null for: in a cluster yes, outside no.</summary>
    public bool? LeaderElection { get; init; }

    /// <summary>How long the Lease is held without a renewal, and how often it is tried for.</summary>
    public LeaseTimes LeaseTimes { get; init; } = new();

    /// <summary>Objects of one kind that are reconciled at the same time. Default 8.</summary>
    public int Workers { get; init; } = DefaultWorkers;

    /// <summary>TCP port of health and metrics on all addresses; 0 for any free one, which the log names. Default 8080.</summary>
    public int HttpPort { get; init; } = DefaultHttpPort;

    /// <summary>Where people reach the consent pages, without a slash at the end; null: none are served.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>TCP port of the consent pages on all addresses; 0 for any free one, which the log names. Default 8081.</summary>
    public int ConsentPort { get; init; } = DefaultConsentPort;

    /// <summary>Folder with the certificate of the port of health and metrics; null for plain http.</summary>
    public string? HttpTls { get; init; }

    /// <summary>True when <c>/metrics</c> requires the API server's permission.</summary>
    public bool MetricsAuth { get; init; }

    /// <summary>Whether there are metrics that name each connection and client.</summary>
    public bool ConnectionMetrics { get; init; } = true;

    /// <summary>Whether sets of connections are served.</summary>
    public bool ConnectionSets { get; init; }

    /// <summary>How log records are written.</summary>
    public LogOptions Logs { get; init; } = new();

    /// <summary>As many as the token endpoint is asked at once per issuer: more would only wait there.</summary>
    public const int DefaultWorkers = 8;

    /// <summary>What controller-runtime's projects serve metrics on.</summary>
    public const int DefaultHttpPort = 8080;

    /// <summary>Separate from health and metrics, so that publishing the consent pages publishes nothing else.</summary>
    public const int DefaultConsentPort = 8081;
}
