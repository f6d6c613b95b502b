using System.Diagnostics;
using System.Diagnostics.Metrics;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Connections;

/// <summary>Metrics of all connections together: how many there are by readiness, and how often tokens are asked for and why.</summary>
internal sealed class ConnectionMetrics
{
    public const string MeterName = "VismaOperator.Connections";

    private readonly Counter<long> refreshes;

    /// <summary>Makes the instruments, with every label set at zero, so that a rate is right from the first event on.</summary>
    public ConnectionMetrics(IMeterFactory meters, Func<IEnumerable<VismaConnection>> connections)
    {
        var meter = meters.Create(MeterName);
        refreshes = meter.CreateCounter<long>(
            "visma_operator_token_refreshes",
            "{refresh}",
            "Attempts to get a token, by cause and result."
        );
        var count = new ReadinessCount(ReadyReasons.WhenTrue, ReadyReasons.WhenFalse);
        meter.CreateObservableGauge(
            "visma_operator_connections",
            () => count.Over(connections().Select(connection => connection.Status.Conditions)),
            description: "Connections, by status and reason of their condition Ready."
        );
        foreach (var cause in Enum.GetValues<RefreshCause>())
        {
            refreshes.Add(0, Labels(cause, RefreshResult.Stored));
            refreshes.Add(0, Labels(cause, RefreshResult.Failed));
        }
    }

    /// <summary>Counts one attempt.</summary>
    public void Refreshed(RefreshCause cause, RefreshResult result) => refreshes.Add(1, Labels(cause, result));

    private static TagList Labels(RefreshCause cause, RefreshResult result) =>
        new() { { "cause", cause.ToString() }, { "result", result == RefreshResult.Stored ? "stored" : "failed" } };
}

/// <summary>How an attempt to get a token ended; a label of metrics.</summary>
internal enum RefreshResult
{
    /// <summary>A token was issued and stored.</summary>
    Stored,

    /// <summary>None was issued, or it could not be stored.</summary>
    Failed,
}
