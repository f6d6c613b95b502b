using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>Watches all connections and says when the last one has turned Ready: one request, so that looking costs little of what is measured.</summary>
internal sealed class ReadyWatch
{
    private const string Collection = "/apis/visma-operator.io/v1/vismaconnections";

    private readonly ApiClient admin;
    private readonly int connections;
    private readonly string resourceVersion;

    private ReadyWatch(ApiClient admin, int connections, string resourceVersion)
    {
        this.admin = admin;
        this.connections = connections;
        this.resourceVersion = resourceVersion;
    }

    /// <summary>Notes from which version on to watch.</summary>
    public static async Task<ReadyWatch> OpenAsync(ApiClient admin, int connections, CancellationToken cancellationToken)
    {
        var list = await admin.GetAsync($"{Collection}?limit=1", cancellationToken);
        return new ReadyWatch(admin, connections, list["metadata"]!["resourceVersion"]!.GetValue<string>());
    }

    /// <summary>Waits until that many different connections have been Ready.</summary>
    public async Task AllReadyAsync(CancellationToken cancellationToken)
    {
        var ready = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var line in admin.WatchAsync($"{Collection}?watch=true&timeoutSeconds=3000&resourceVersion={resourceVersion}", cancellationToken))
        {
            var connection = line["object"]!;
            if (IsReady(connection) && ready.Add(connection["metadata"]!["name"]!.GetValue<string>()) && ready.Count == connections)
            {
                return;
            }
        }

        throw new InvalidOperationException($"The watch ended with {ready.Count} of {connections} connections Ready.");
    }

    private static bool IsReady(JsonNode connection) => (connection["status"]?["conditions"]?.AsArray() ?? [])
        .Any(condition => condition!["type"]!.GetValue<string>() == "Ready" && condition["status"]!.GetValue<string>() == "True");
}
