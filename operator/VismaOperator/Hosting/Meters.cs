using Kubernetes.Controllers.Telemetry;
using OpenTelemetry.Metrics;
using VismaOperator.Connections;
using VismaOperator.Consent.Flow;

namespace VismaOperator.Hosting;

/// <summary>Which meters are exported.</summary>
internal static class Meters
{
    /// <summary>The meters of this process: one a project, and the runtime's own for memory, garbage collection and threads.</summary>
    public static IReadOnlyList<string> Exported { get; } =
    [
        ConnectionMetrics.MeterName,
        ConsentMetrics.MeterName,
        NamespaceReport.MeterName,
        ControllerMetrics.MeterName,
        "Kubernetes.Client",
        "OAuth",
        "System.Runtime",
    ];

    /// <summary>Exports them in Prometheus' text format.</summary>
    public static MeterProviderBuilder AddOperatorMeters(this MeterProviderBuilder metrics) =>
        metrics.AddMeter([.. Exported]).AddPrometheusExporter(prometheus =>
        {
            // The names are chosen for dashboards of controller-runtime; a scope label on each series would only make them longer.
            prometheus.ScopeInfoEnabled = false;
        });
}
