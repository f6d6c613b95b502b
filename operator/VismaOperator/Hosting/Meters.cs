using System.Diagnostics.Metrics;
using Kubernetes.Controllers.Telemetry;
using Lifecycle;
using OpenTelemetry.Metrics;
using VismaOperator.Clients;
using VismaOperator.Connections;
using VismaOperator.Consent.Flow;
using VismaOperator.Probing;

namespace VismaOperator.Hosting;

/// <summary>Which meters are exported.</summary>
internal static class Meters
{
    /// <summary>
    /// The meters of this process: one for each project, and those of the runtime for memory, garbage collection and threads.
    /// </summary>
    public static IReadOnlyList<string> Exported { get; } =
    [
        OperatorMetrics.MeterName,
        ProviderMetrics.MeterName,
        ConnectionMetrics.MeterName,
        ConsentMetrics.MeterName,
        ProbeMetrics.MeterName,
        NamespaceReport.MeterName,
        ControllerMetrics.MeterName,
        "Kubernetes.Client",
        "System.Runtime",
    ];

    // The exporter drops series beyond the limit of an instrument in silence, and sets memory aside for as many as that. All labels come
    // from closed sets, apart from those that the administrator lists; MetricsPage serves what names objects.
    private const int FewSeries = 100;

    /// <summary>Exports them in Prometheus' text format.</summary>
    public static MeterProviderBuilder AddOperatorMeters(this MeterProviderBuilder metrics, OperatorOptions options) => metrics
        .AddMeter([.. Exported])
        .AddView(instrument => PrometheusViewOf(instrument, options))
        .AddPrometheusExporter(prometheus =>
        {
            // The names are chosen for dashboards of controller-runtime; a scope label on each series would only make them longer.
            prometheus.ScopeInfoEnabled = false;
        });

    /// <summary>How many series an instrument can have.</summary>
    public static MetricStreamConfiguration ViewOf(Instrument instrument, OperatorOptions options) =>
        new() { CardinalityLimit = SeriesOf(instrument.Meter.Name, options) };

    // The suffix _count is that of histograms, and promtool warns of it elsewhere.
    private static MetricStreamConfiguration PrometheusViewOf(Instrument instrument, OperatorOptions options)
    {
        var view = ViewOf(instrument, options);
        view.Name = instrument.Name switch
        {
            "dotnet.assembly.count" => "dotnet.assemblies",
            "dotnet.process.cpu.count" => "dotnet.process.cpus",
            "dotnet.timer.count" => "dotnet.timers",
            _ => null,
        };
        return view;
    }

    private static int SeriesOf(string meter, OperatorOptions options) =>
        meter switch
        {
            ProviderMetrics.MeterName => FewSeries + (ProviderMetrics.Outcomes.Count * options.AllowLists.AllowedIssuers.Count),
            ProbeMetrics.MeterName => FewSeries + (ProbeOutcome.Labels.Count * options.AllowLists.AllowedApiHosts.Count),
            ConnectionMetrics.MeterName => FewSeries + ReadyReasons.WhenFalse.Count,
            NamespaceReport.MeterName => FewSeries + options.Namespaces.Count,
            _ => FewSeries,
        };
}
