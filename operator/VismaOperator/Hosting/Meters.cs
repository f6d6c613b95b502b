using Kubernetes.Controllers.Telemetry;
using OpenTelemetry.Metrics;
using VismaOperator.Connections;
using VismaOperator.Consent.Flow;

namespace VismaOperator.Hosting;

/// <summary>Which meters are exported.</summary>
internal static class Meters
{
    /// <summary>
    /// The meters of this process: one for each project, and those of the runtime for memory, garbage collection and threads.
    /// </summary>
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

    // The exporter sets memory for so many series aside for each instrument, 2,000 unless told otherwise: 0.2 MB each. Labels from closed
    // sets make a few; those that name objects keep the exporter's limit.
    private static readonly MetricStreamConfiguration fewSeries = new() { CardinalityLimit = 100 };

    private static readonly HashSet<string> metersOfFewSeries = ["Kubernetes.Client", ControllerMetrics.MeterName, "System.Runtime"];

    /// <summary>Exports them in Prometheus' text format.</summary>
    public static MeterProviderBuilder AddOperatorMeters(this MeterProviderBuilder metrics) => metrics
        .AddMeter([.. Exported])
        .AddView(instrument => metersOfFewSeries.Contains(instrument.Meter.Name) ? fewSeries : null)
        .AddPrometheusExporter(prometheus =>
        {
            // The names are chosen for dashboards of controller-runtime; a scope label on each series would only make them longer.
            prometheus.ScopeInfoEnabled = false;
        });
}
