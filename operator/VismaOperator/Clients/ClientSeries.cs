using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Clients;

/// <summary>The metrics that name clients. Times are Unix times in seconds.</summary>
internal static class ClientSeries
{
    /// <summary>The gauges, over the clients of a store.</summary>
    public static IReadOnlyList<ObjectGauge> Over(Func<IEnumerable<OAuthClient>> clients) =>
    [
        new ObjectGauge<OAuthClient>(
            "visma_operator_client_ready",
            "1 when the OAuthClient is Ready, else 0.",
            clients,
            (client, sink) => ConditionSeries.Ready(client.Metadata, client.Status.Conditions, sink)
        ),
        new ObjectGauge<OAuthClient>(
            "visma_operator_client_problem",
            "1 for each condition of an OAuthClient that says that something is wrong.",
            clients,
            (client, sink) => ConditionSeries.Problems(client.Metadata, client.Status.Conditions, sink)
        ),
        new ObjectGauge<OAuthClient>(
            "visma_operator_client_secret_expiration_timestamp_seconds",
            "When the client secret in use expires, as its expirationTime in the spec says, as Unix time.",
            clients,
            Expiration
        ),
    ];

    private static void Expiration(OAuthClient client, ISeriesSink sink)
    {
        if (client.Status.SecretExpirationTime is { } known)
        {
            sink.Add(
                known.ToUnixTimeSeconds(),
                new("namespace", client.Metadata.Namespace ?? string.Empty),
                new("name", client.Metadata.Name)
            );
        }
    }
}
