using System.Diagnostics.Metrics;
using Kubernetes.Controllers.Telemetry;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>Metrics that add up in memory, by instrument and labels.</summary>
internal sealed class CapturedMetrics : IMeterFactory
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, double> values = new(StringComparer.Ordinal);
    private readonly MeterListener listener = new();
    private readonly List<Meter> meters = [];

    public CapturedMetrics()
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (meters.Contains(instrument.Meter))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.Start();
        Metrics = new(this);
    }

    public ControllerMetrics Metrics { get; }

    /// <summary>What was measured, such as <c>workqueue_depth{name=x,controller=x}</c>; null when this label set does not exist.</summary>
    public double? this[string series]
    {
        get
        {
            listener.RecordObservableInstruments();
            lock (gate)
            {
                return values.TryGetValue(series, out var value) ? value : null;
            }
        }
    }

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options);
        meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        listener.Dispose();
        Metrics.Dispose();
        meters.ForEach(meter => meter.Dispose()); // or every later listener in this process would get them
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = $"{instrument.Name}{{{string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}}}";
        lock (gate)
        {
            values[series] = instrument.IsObservable ? value : values.GetValueOrDefault(series) + value;
        }
    }
}
