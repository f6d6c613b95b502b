using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;

namespace VismaOperator.Testing.ApiServer.Proxy;

/// <summary>
/// Leaves out of cluster-wide lists and watches what lies in other namespaces, so that operators that serve a whole cluster can be tested
/// side by side on one server: each sees the cluster of its own test. What they may ask is judged by the API server as ever.
/// </summary>
/// <param name="namespaces">The namespaces that are to be seen. Objects without a namespace are always seen.</param>
internal sealed class ConfinedView(IReadOnlyCollection<string> namespaces)
{
    /// <summary>Whether a request reads a collection over all namespaces.</summary>
    public static bool Concerns(string method, string path) =>
        method == "GET" && path.Split('/', StringSplitOptions.RemoveEmptyEntries) is (["api", _, _] or ["apis", _, _, _]);

    /// <summary>The list without the others' items.</summary>
    public async Task<byte[]> OfListAsync(Stream answer, CancellationToken cancellationToken)
    {
        var list = (await JsonNode.ParseAsync(answer, cancellationToken: cancellationToken))!;
        if (list["items"] is JsonArray items)
        {
            items.RemoveAll(item => !IsSeen(item!));
        }

        return Encoding.UTF8.GetBytes(list.ToJsonString());
    }

    /// <summary>The watch without the lines about others; it ends when the watch ends.</summary>
    public Stream OfWatch(Stream answer, CancellationToken cancellationToken)
    {
        var pipe = new Pipe();
        _ = FilterAsync(answer, pipe.Writer, cancellationToken);
        return pipe.Reader.AsStream();
    }

    private async Task FilterAsync(Stream answer, PipeWriter lines, CancellationToken cancellationToken)
    {
        Exception? broken = null;
        try
        {
            using var reader = new StreamReader(answer);
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                if (IsSeen(JsonNode.Parse(line)!["object"]!))
                {
                    await lines.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellationToken);
                }
            }
        }
        catch (Exception exception)
        {
            broken = exception; // the relay reads it from the pipe, as it would from the API server's stream
        }

        await lines.CompleteAsync(broken);
    }

    private bool IsSeen(JsonNode resource) =>
        resource["metadata"]?["namespace"] is not { } ns || namespaces.Contains(ns.GetValue<string>());
}
