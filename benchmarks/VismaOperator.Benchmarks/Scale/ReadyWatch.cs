using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>
/// Watches all connections and says when the last one has turned Ready: one request as a rule, so that looking costs little of what is
/// measured.
/// </summary>
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
        var (ready, from) = (new HashSet<string>(StringComparer.Ordinal), resourceVersion);
        while (!await AllReadyAsync(ready, from, cancellationToken))
        {
            // An API server ends the watch of a reader that it finds too slow: look at everything once, and go on from there.
            var list = await admin.GetAsync(Collection, cancellationToken);
            ready.UnionWith(list["items"]!.AsArray().Where(connection => IsReady(connection!)).Select(connection => NameOf(connection!)));
            from = list["metadata"]!["resourceVersion"]!.GetValue<string>();
        }
    }

    private async Task<bool> AllReadyAsync(HashSet<string> ready, string from, CancellationToken cancellationToken)
    {
        if (ready.Count == connections)
        {
            return true;
        }

        await foreach (
            var line in admin.WatchAsync($"{Collection}?watch=true&timeoutSeconds=3000&resourceVersion={from}", cancellationToken)
        )
        {
            var connection = line["object"]!;
            if (IsReady(connection) && ready.Add(NameOf(connection)) && ready.Count == connections)
            {
                return true;
            }
        }

        return false;
    }

    private static string NameOf(JsonNode connection) => connection["metadata"]!["name"]!.GetValue<string>();

    private static bool IsReady(JsonNode connection) => ((connection["status"] as JsonObject)?["conditions"]?.AsArray() ?? [])
        .Any(condition => condition!["type"]!.GetValue<string>() == "Ready" && condition["status"]!.GetValue<string>() == "True");
}
