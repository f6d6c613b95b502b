using System.Diagnostics;
using System.Diagnostics.Metrics;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Connections;

/// <summary>Metrics of connections: how often tokens are asked for and why, and when each one in service expires.</summary>
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
        meter.CreateObservableGauge(
            "visma_operator_token_expiration_timestamp_seconds",
            () => connections().Where(connection => connection.Status.Token?.ExpirationTime is not null).Select(Expiry),
            description: "When the token in service expires, as Unix time.");
        meter.CreateObservableGauge(
            "visma_operator_consent_expiration_timestamp_seconds",
            () => connections().Where(connection => connection.Status.Authorization?.ConsentExpirationTime is not null).Select(ConsentEnd),
            description: "When the consent behind a connection ends, as Unix time.");
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

    // Labels from user names are the one exception to closed sets: an alert must say which connection runs out.
    private static Measurement<long> Expiry(VismaConnection connection) => Of(connection, connection.Status.Token!.ExpirationTime!.Value);

    private static Measurement<long> ConsentEnd(VismaConnection connection) =>
        Of(connection, connection.Status.Authorization!.ConsentExpirationTime!.Value);

    private static Measurement<long> Of(VismaConnection connection, DateTimeOffset instant) =>
        new(instant.ToUnixTimeSeconds(), new("namespace", connection.Metadata.Namespace), new("name", connection.Metadata.Name));
}

/// <summary>How an attempt to get a token ended; a label of metrics.</summary>
internal enum RefreshResult
{
    /// <summary>A token was issued and stored.</summary>
    Stored,

    /// <summary>None was issued, or it could not be stored.</summary>
    Failed,
}
