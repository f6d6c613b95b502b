using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Connections;

/// <summary>The metrics that name connections. Times are Unix times in seconds.</summary>
internal static class ConnectionSeries
{
    /// <summary>The gauges, over the connections of a store.</summary>
    /// <param name="connections">The connections.</param>
    /// <param name="lostProbes">How many probes in a row had no usable answer; zero where this process knows of none.</param>
    public static IReadOnlyList<ObjectGauge> Over(
        Func<IEnumerable<VismaConnection>> connections,
        Func<VismaConnection, int> lostProbes
    ) =>
    [
        new ObjectGauge<VismaConnection>(
            "visma_operator_connection_info",
            "1 for each connection, with the client that it uses, its grant, and whether it is suspended.",
            connections,
            Info
        ),
        new ObjectGauge<VismaConnection>(
            "visma_operator_connection_ready",
            "1 when the connection is Ready, else 0.",
            connections,
            (connection, sink) => ConditionSeries.Ready(connection.Metadata, connection.Status.Conditions, sink)
        ),
        new ObjectGauge<VismaConnection>(
            "visma_operator_connection_problem",
            "1 for each condition of a connection that says that something is wrong; for lost answers of probes, how many in a row.",
            connections,
            (connection, sink) => ConditionSeries.Problems(
                connection.Metadata,
                connection.Status.Conditions,
                sink,
                condition => condition.Type == ConditionType.TokenAccepted ? Math.Max(1, lostProbes(connection)) : 1
            )
        ),
        new ObjectGauge<VismaConnection>(
            "visma_operator_token_expiration_timestamp_seconds",
            "When the token in service expires, as Unix time; 0 without a token. None while the connection is being deleted.",
            connections,
            (connection, sink) => Add(connection, connection.Status.Token?.ExpirationTime ?? DateTimeOffset.UnixEpoch, sink)
        ),
        new ObjectGauge<VismaConnection>(
            "visma_operator_token_renewal_timestamp_seconds",
            "When the next token is to be asked for, as Unix time; after a failure, the time of the next attempt.",
            connections,
            (connection, sink) => Add(connection, NextRenewal(connection), sink)
        ),
        new ObjectGauge<VismaConnection>(
            "visma_operator_consent_expiration_timestamp_seconds",
            "When the consent behind a connection ends, as Unix time.",
            connections,
            (connection, sink) => Add(connection, connection.Status.Authorization?.ConsentExpirationTime, sink)
        ),
    ];

    private static void Info(VismaConnection connection, ISeriesSink sink)
    {
        var client = connection.ClientName();
        sink.Add(
            1,
            new("namespace", connection.Metadata.Namespace ?? string.Empty),
            new("name", connection.Metadata.Name),
            new("client_namespace", client.Namespace),
            new("client", client.Name),
            new("grant", connection.Spec.Grant.ToString()),
            new("suspended", connection.Spec.Suspend ? "true" : "false")
        );
    }

    private static DateTimeOffset? NextRenewal(VismaConnection connection) => connection switch
    {
        { Spec.Suspend: true } => null,
        { Status.Failure.NextAttemptTime: { } next } => next,
        _ => connection.Status.Token?.RefreshTime,
    };

    // A connection that is being deleted is not renewed, and that is no reason for an alert.
    private static void Add(VismaConnection connection, DateTimeOffset? instant, ISeriesSink sink)
    {
        if (instant is { } known && connection.Metadata.DeletionTimestamp is null)
        {
            sink.Add(
                known.ToUnixTimeSeconds(),
                new("namespace", connection.Metadata.Namespace ?? string.Empty),
                new("name", connection.Metadata.Name)
            );
        }
    }
}
