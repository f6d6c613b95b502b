using System.Diagnostics.Metrics;
using Lifecycle;

namespace VismaOperator.Probing;

/// <summary>Metrics of probes. Labels come from the hosts that the administrator allows and from a closed set of outcomes.</summary>
internal sealed class ProbeMetrics
{
    public const string MeterName = "VismaOperator.Probing";

    private readonly Counter<long> probes;
    private readonly HashSet<string> begun = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes the instrument. It has no series before a connection asks for probes.</summary>
    public ProbeMetrics(IMeterFactory meters) =>
        probes = meters
            .Create(MeterName)
            .CreateCounter<long>("visma_operator_probes", "{probe}", "Probes of APIs, by host and outcome.");

    /// <summary>A connection asks for probes at a host: every outcome exists from now on, so that a rate is right from the first.</summary>
    public void Begin(string host)
    {
        lock (begun)
        {
            if (!begun.Add(host))
            {
                return;
            }
        }

        foreach (var outcome in ProbeOutcome.Labels)
        {
            Add(0, host, outcome);
        }
    }

    /// <summary>Counts one probe.</summary>
    public void Count(string host, ProbeOutcome outcome) => Add(1, host, outcome.Label);

    private void Add(long count, string host, string outcome) => probes.Add(count, new("host", host), new("outcome", outcome));
}
