using System.Diagnostics.Metrics;

namespace VismaOperator.Tests.Support;

/// <summary>Metrics that nobody reads.</summary>
internal sealed class UnreadMeters : IMeterFactory
{
    public Meter Create(MeterOptions options) => new(options);

    public void Dispose()
    {
    }
}
