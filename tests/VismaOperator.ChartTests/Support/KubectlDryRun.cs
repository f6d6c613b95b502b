using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace VismaOperator.ChartTests.Support;

/// <summary>
/// What the real kubectl makes of a text. A dry run of the client asks a server for nothing but the kinds that it has, which a few fixed
/// answers give.
/// </summary>
internal static class KubectlDryRun
{
    public static async Task<JsonObject> AnswerAsync(string server, string text, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("visma-operator-kubectl-");
        try
        {
            var file = Path.Combine(folder.FullName, "case.yaml");
            await File.WriteAllTextAsync(file, text, cancellationToken);
            // Standard error would stand in the midst of the objects now and then.
            var (exitCode, output) = await Tool.Shell.TryAsync(
                "-c",
                "exec \"$0\" \"$@\" 2>/dev/null",
                Tool.Kubectl.Program,
                "--server",
                server,
                "--cache-dir",
                Path.Combine(folder.FullName, "cache"),
                "create",
                "--dry-run=client",
                "--output",
                "json",
                "--validate=false",
                "--filename",
                file
            );
            return new JsonObject { ["refused"] = exitCode != 0, ["objects"] = Objects(output) };
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // An object begins and ends with a brace in a line of its own.
    private static JsonArray Objects(string output)
    {
        var objects = new JsonArray();
        var lines = new List<string>();
        foreach (var line in output.Split('\n').Where(line => lines.Count > 0 || line == "{"))
        {
            lines.Add(line);
            if (line == "}")
            {
                objects.Add(JsonNode.Parse(string.Join('\n', lines), documentOptions: new JsonDocumentOptions { MaxDepth = 1000 }));
                lines.Clear();
            }
        }

        return objects;
    }

    public static async Task<WebApplication> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/api", () => Results.Text("""{"kind": "APIVersions", "versions": ["v1"]}""", "application/json"));
        app.MapGet("/api/v1", () => Kinds("v1", ("secrets", "Secret")));
        app.MapGet(
            "/apis",
            () =>
                Results.Text(
                    """{"kind": "APIGroupList", "apiVersion": "v1", "groups": [{"name": "visma-operator.io", "versions": [{"groupVersion": "visma-operator.io/v1", "version": "v1"}], "preferredVersion": {"groupVersion": "visma-operator.io/v1", "version": "v1"}}]}""",
                    "application/json"
                )
        );
        app.MapGet(
            "/apis/visma-operator.io/v1",
            () => Kinds("visma-operator.io/v1", ("vismaconnections", "VismaConnection"), ("oauthclients", "OAuthClient"))
        );
        await app.StartAsync(cancellationToken);
        return app;
    }

    private static IResult Kinds(string version, params IEnumerable<(string Plural, string Kind)> kinds) =>
        Results.Text(
            new JsonObject
            {
                ["kind"] = "APIResourceList",
                ["apiVersion"] = "v1",
                ["groupVersion"] = version,
                ["resources"] = new JsonArray([
                    .. kinds.Select(kind => new JsonObject
                    {
                        ["name"] = kind.Plural,
                        ["singularName"] = "",
                        ["namespaced"] = true,
                        ["kind"] = kind.Kind,
                        ["verbs"] = new JsonArray("create", "get"),
                    }),
                ]),
            }.ToJsonString(),
            "application/json"
        );
}
