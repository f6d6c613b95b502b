using System.Diagnostics.Metrics;
using Kubernetes.Client.Access;
using Kubernetes.Controllers.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using VismaOperator.Clients;
using VismaOperator.Reporting;

namespace VismaOperator.Hosting;

/// <summary>
/// Sends metrics and traces to a collector (OTLP), where the variables of OpenTelemetry name one. Without them nothing of it exists: no
/// thread, no listener, no memory.
/// </summary>
internal sealed partial class OtlpExport : IDisposable
{
    /// <summary>
    /// The series that one metric which names objects may have; the exporter drops the others. More than an operator has objects.
    /// </summary>
    public const int MaxObjects = 20_000;

    private const string ObjectsMeterName = "VismaOperator.Objects";
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly string[] sources = [ReconcileTrace.SourceName, ProviderMetrics.SourceName, "Kubernetes.Client"];

    private readonly Meter objects = new(ObjectsMeterName);
    private readonly MeterProvider? metrics;
    private readonly MeterProvider? objectMetrics;
    private readonly TracerProvider? traces;
    private readonly ILogger log;
    private int warned;

    private OtlpExport(Uri? metricsTo, Uri? tracesTo, OperatorOptions options, Func<string, string?> variable, ILogger log)
    {
        this.log = log;
        HttpClient.DefaultProxy = ProxyChoice.FromEnvironment(variable); // as for every other request of the operator
        if (metricsTo is not null)
        {
            var address = Shown(metricsTo);
            LogStarted("Metrics", address);
            metrics = Sdk.CreateMeterProviderBuilder()
                .ConfigureResource(Resource)
                .AddMeter([.. Meters.Exported])
                .AddView(instrument => Meters.ViewOf(instrument, options))
                .AddOtlpExporter(otlp => Address(otlp, variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")))
                .Build();
            // Delta temporality: the values of a gauge are the same, and slots of deleted objects are freed.
            objectMetrics = Sdk.CreateMeterProviderBuilder()
                .ConfigureResource(Resource)
                .AddMeter(ObjectsMeterName)
                .AddView(_ => new MetricStreamConfiguration { CardinalityLimit = MaxObjects })
                .AddOtlpExporter((otlp, reader) =>
                {
                    Address(otlp, variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"));
                    reader.TemporalityPreference = MetricReaderTemporalityPreference.Delta;
                })
                .Build();
        }

        if (tracesTo is not null)
        {
            var address = Shown(tracesTo);
            LogStarted("Traces", address);
            traces = Sdk.CreateTracerProviderBuilder()
                .ConfigureResource(Resource)
                .AddSource(sources)
                .AddOtlpExporter(otlp => Address(otlp, variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")))
                .Build();
        }
    }

    /// <summary>Begins; null where no collector is named, or OpenTelemetry is switched off.</summary>
    public static OtlpExport? Start(OperatorOptions options, Func<string, string?> variable, ILogger log)
    {
        var (metricsTo, tracesTo) = (UrlIn(EndpointOf("METRICS", variable)), UrlIn(EndpointOf("TRACES", variable)));
        return metricsTo is null && tracesTo is null ? null : new OtlpExport(metricsTo, tracesTo, options, variable, log);
    }

    /// <summary>The variables that should name a collector and do not.</summary>
    public static IEnumerable<string> UnusableVariables(Func<string, string?> variable) =>
        ((string[])["METRICS", "TRACES"])
            .Select(signal => EndpointOf(signal, variable))
            .Where(endpoint => endpoint is not null && UrlIn(endpoint) is null)
            .Select(endpoint => endpoint!.Value.Variable)
            .Distinct();

    /// <summary>
    /// Sends these, too. The exporter asks for them once a minute, unless <c>OTEL_METRIC_EXPORT_INTERVAL</c> says otherwise.
    /// </summary>
    public void Add(IReadOnlyList<ObjectGauge> gauges)
    {
        foreach (var gauge in gauges)
        {
            objects.CreateObservableGauge(gauge.Name, () => Measure(gauge), description: gauge.Help);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Each sends what it has left, within the timeout of a request.
        metrics?.Dispose();
        objectMetrics?.Dispose();
        traces?.Dispose();
        objects.Dispose();
    }

    private static void Resource(ResourceBuilder resource) =>
        resource.Clear().AddService("visma-operator", serviceVersion: Product.Version).AddTelemetrySdk().AddEnvironmentVariableDetector();

    // As the specification has it: an endpoint of one signal is the whole address, that of all gets a path.
    private static void Address(OtlpExporterOptions otlp, string? own)
    {
        if (!string.IsNullOrEmpty(own))
        {
            otlp.Endpoint = new Uri(own);
        }
    }

    private static (string Variable, string Text)? EndpointOf(string signal, Func<string, string?> variable)
    {
        var name = $"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT";
        return IsOff(variable("OTEL_SDK_DISABLED"), "true") || IsOff(variable($"OTEL_{signal}_EXPORTER"), "none") ? null
            : variable(name) is { Length: > 0 } own ? (name, own)
            : variable(EndpointVariable) is { Length: > 0 } all ? (EndpointVariable, all)
            : null;
    }

    private static bool IsOff(string? value, string off) => string.Equals(value, off, StringComparison.OrdinalIgnoreCase);

    private static Uri? UrlIn((string Variable, string Text)? endpoint) =>
        Uri.TryCreate(endpoint?.Text, UriKind.Absolute, out var url) && url is { Scheme: "http" or "https", Host.Length: > 0 } ? url : null;

    private static string Shown(Uri endpoint) => endpoint.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    private IEnumerable<Measurement<long>> Measure(ObjectGauge gauge)
    {
        var measured = new Measurements();
        foreach (var _ in gauge.Read(measured))
        {
        }

        if (measured.All.Count > MaxObjects && Interlocked.Exchange(ref warned, 1) == 0)
        {
            LogTooMany(MaxObjects, gauge.Name, measured.All.Count);
        }

        return measured.All;
    }

    private sealed class Measurements : ISeriesSink
    {
        public List<Measurement<long>> All { get; } = [];

        public void Add(long value, params ReadOnlySpan<SeriesLabel> labels)
        {
            var tags = new KeyValuePair<string, object?>[labels.Length];
            for (var index = 0; index < labels.Length; index++)
            {
                tags[index] = new(labels[index].Name, labels[index].Value);
            }

            All.Add(new Measurement<long>(value, tags));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, EventName = "OtlpStarted", Message = "{Signal} are sent by OTLP to {Endpoint}")]
    private partial void LogStarted(string signal, string endpoint);

    [LoggerMessage(
        Level = LogLevel.Warning,
        EventName = "OtlpTooManySeries",
        Message = "OTLP takes {Max} series of a metric, and {Metric} has {Count}: the others are not sent. /metrics has all of them"
    )]
    private partial void LogTooMany(int max, string metric, int count);
}
