using System.Diagnostics.Metrics;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Hosting;

/// <summary>Metrics of the process and of all clients together.</summary>
internal static class OperatorMetrics
{
    public const string MeterName = "VismaOperator";

    /// <summary>Makes the instruments.</summary>
    public static void Create(IMeterFactory meters, Func<IEnumerable<OAuthClient>> clients, Func<int> pendingGrants)
    {
        var meter = meters.Create(MeterName);
        var (version, revision) = VersionAndRevision(Product.Version);
        var runtime = Environment.Version.ToString();
        var build = new Measurement<int>(1, new("version", version), new("revision", revision), new("runtime", runtime));
        meter.CreateObservableGauge(
            "visma_operator_build_info",
            () => build,
            description: "1, with the version, the commit and the .NET version that this executable was built from."
        );
        var count = new ReadinessCount([Reason.ClientUsable], clientReasons);
        meter.CreateObservableGauge(
            "visma_operator_clients",
            () => count.Over(clients().Select(client => client.Status.Conditions)),
            description: "OAuthClients, by status and reason of their condition Ready."
        );
        meter.CreateObservableGauge(
            "visma_operator_pending_grants",
            pendingGrants,
            description: "Refresh tokens that the provider issued and the API server has not stored yet: they are in memory only."
        );
    }

    /// <summary>Makes those of sets; only where sets are served.</summary>
    public static void CreateOfSets(IMeterFactory meters, Func<IEnumerable<VismaConnectionSet>> sets)
    {
        var count = new ReadinessCount([Reason.ConnectionsReady], setReasons);
        meters.Create(MeterName).CreateObservableGauge(
            "visma_operator_connection_sets",
            () => count.Over(sets().Select(set => set.Status.Conditions)),
            description: "VismaConnectionSets, by status and reason of their condition Ready."
        );
    }

    /// <summary>What an informational version consists of; the commit is empty where the build did not know it.</summary>
    internal static (string Version, string Revision) VersionAndRevision(string text) =>
        text.Split('+', 2) is [var version, var revision] ? (version, revision) : (text, string.Empty);

    private static readonly string[] clientReasons =
    [
        Reason.InvalidSpec,
        Reason.IssuerNotAllowed,
        Reason.InsecureUrl,
        Reason.SecretNotFound,
        Reason.SecretKeyNotFound,
        Reason.SecretForbidden,
        Reason.SecretHoldsToken,
        Reason.SecretNotLabelled,
        Reason.ClientIDInvalid,
        Reason.ClientRefused,
        Reason.MetadataUnusable,
        Reason.MetadataUntrusted,
        Reason.OperatorFault,
    ];

    private static readonly string[] setReasons =
    [
        Reason.InvalidSpec,
        Reason.ApiHostNotAllowed,
        Reason.InsecureUrl,
        Reason.ClientNotAvailable,
        Reason.ConnectionsNotReady,
        Reason.ConnectionNotWritten,
        Reason.ConnectionNotAccepted,
        Reason.RemovalsHeld,
        Reason.TenantsNotFound,
        Reason.TenantsInvalid,
        Reason.TenantsForbidden,
        Reason.TenantSourceNotAllowed,
        Reason.OperatorFault,
    ];
}
