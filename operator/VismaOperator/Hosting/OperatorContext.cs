using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Kubernetes.Client;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Telemetry;
using Lifecycle;
using OAuth;
using VismaOperator.Api.Validation;
using VismaOperator.Probing;
using VismaOperator.Sets;

namespace VismaOperator.Hosting;

/// <summary>
/// Everything that the controllers are built from. Made once, in <c>run</c> or in <c>local</c>; the two differ in nothing
/// else that a controller could see.
/// </summary>
internal sealed record OperatorContext
{
    /// <summary>The cluster.</summary>
    public required IKubernetesClient Client { get; init; }

    /// <summary>Namespaces to serve; empty for all.</summary>
    public required IReadOnlyList<string> Namespaces { get; init; }

    /// <summary>What the administrator allows.</summary>
    public required AllowLists AllowLists { get; init; }

    /// <summary>Objects of one kind that are reconciled at the same time.</summary>
    public required int Workers { get; init; }

    /// <summary>The fence that side effects check.</summary>
    public required ILeadership Leadership { get; init; }

    /// <summary>
    /// How long another process that began an exchange may still send or store, once its takeover is announced; zero where a lock proves
    /// that it has ended.
    /// </summary>
    public TimeSpan TakeoverWait { get; init; } = Policy.ExchangeDeadline;

    /// <summary>
    /// The Lease that replicas compete for, as what events about the operator itself are about; null without an election.
    /// </summary>
    public NamespacedName? Lease { get; init; }

    /// <summary>The token endpoints of all issuers.</summary>
    public required ITokenEndpoint Tokens { get; init; }

    /// <summary>The discovery documents of all issuers.</summary>
    public required IServerMetadataEndpoint Metadata { get; init; }

    /// <summary>The revocation endpoints of all issuers.</summary>
    public required IRevocationEndpoint Revocation { get; init; }

    /// <summary>Asks APIs whether they accept a token.</summary>
    public required Lazy<ApiProbe> Probe { get; init; }

    /// <summary>False where the cluster has no workloads to restart.</summary>
    public bool HasWorkloads { get; init; } = true;

    /// <summary>Where people reach the consent pages; null when none are served.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>Arguments that <c>connect</c> needs to reach this operator; null where a kubeconfig is enough.</summary>
    public string? ConnectArguments { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Where loggers come from.</summary>
    public required ILoggerFactory Logs { get; init; }

    /// <summary>Where meters come from.</summary>
    public required IMeterFactory Meters { get; init; }

    /// <summary>Metrics of controllers, queues and the election; one instance, since the election counts in it too.</summary>
    public required ControllerMetrics Metrics { get; init; }

    /// <summary>How sets of connections are served; null where they are not.</summary>
    public SetScope? Sets { get; init; }

    /// <summary>Where the metrics that name objects go; null where nobody asks for them.</summary>
    public ObjectGauges? ObjectGauges { get; init; }

    /// <summary>Randomness in [0, 1) for jitter; never for secrets.</summary>
    public required Func<double> Random { get; init; }

    /// <summary>Random bytes that nobody can guess, for example for states and verifiers.</summary>
    public required Func<int, byte[]> RandomBytes { get; init; }

    /// <summary>What events name as their source: the pod's name, or the machine's outside a cluster.</summary>
    public required string Instance { get; init; }
}

/// <summary>The source of randomness of the process, for everything that spreads its work.</summary>
internal static class RandomSource
{
    private const int Steps = 1 << 30;

    /// <summary>A number in [0, 1).</summary>
    public static double Next() => RandomNumberGenerator.GetInt32(Steps) / (double)Steps;
}

/// <summary>How this process comes to lead, and how it stops leading.</summary>
/// <param name="Leadership">The fence that side effects check.</param>
/// <param name="Loops">What keeps the leadership up: the election, or nothing.</param>
/// <param name="ReleaseAsync">Gives the leadership up, after everything with side effects has stopped.</param>
internal sealed record Leader(ILeadership Leadership, IReadOnlyList<BackgroundLoop> Loops, Func<CancellationToken, Task> ReleaseAsync)
{
    /// <summary>True where another replica may have led before.</summary>
    public bool IsElected => Loops.Count > 0;

    /// <summary>Leads while holding the lease.</summary>
    public static Leader Elected(LeaderElector elector) =>
        new(elector, [new BackgroundLoop("leader election", elector.RunAsync)], elector.ReleaseAsync);

    /// <summary>Leads without an election.</summary>
    public static Leader Always() => new(new AlwaysLeader(), [], _ => Task.CompletedTask);
}
