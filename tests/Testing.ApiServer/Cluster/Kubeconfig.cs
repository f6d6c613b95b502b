using System.Text;
using System.Text.Json.Nodes;

namespace VismaOperator.Testing.ApiServer.Cluster;

/// <summary>Writes kubeconfig files. They are JSON, which is YAML, so no name or token needs quoting rules.</summary>
internal static class Kubeconfig
{
    /// <summary>A user who shows a client certificate.</summary>
    public static JsonObject UserWith(KeyPairPem pair) => new()
    {
        ["client-certificate-data"] = Base64(pair.Certificate),
        ["client-key-data"] = Base64(pair.Key),
    };

    /// <summary>A user who sends a bearer token.</summary>
    public static JsonObject UserWith(string token) => new() { ["token"] = token };

    /// <summary>
    /// Writes a file with one cluster, one user and one context. It holds credentials: put it into a folder of the owner's.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="server">Where the API server (or a proxy in front of it) answers.</param>
    /// <param name="authorityPem">What to trust; null for the authorities of the machine.</param>
    /// <param name="user">The credentials, as kubeconfig names them.</param>
    public static void Write(string path, Uri server, string? authorityPem, JsonObject user)
    {
        var cluster = new JsonObject { ["server"] = server.GetLeftPart(UriPartial.Authority) };
        if (authorityPem is not null)
        {
            cluster["certificate-authority-data"] = Base64(authorityPem);
        }

        var config = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Config",
            ["current-context"] = "test",
            ["clusters"] = Named("cluster", cluster),
            ["users"] = Named("user", user),
            ["contexts"] = Named("context", new JsonObject { ["cluster"] = "test", ["user"] = "test" }),
        };
        File.WriteAllText(path, config.ToJsonString());
    }

    private static JsonArray Named(string member, JsonObject value) => [new JsonObject { ["name"] = "test", [member] = value }];

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
