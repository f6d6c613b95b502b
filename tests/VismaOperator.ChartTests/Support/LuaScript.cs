using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests.Support;

/// <summary>Runs the Lua of the Argo CD example with a real Lua, in a sandbox as narrow as Argo CD's.</summary>
internal static class LuaScript
{
    private static string Runner { get; } = RepositoryFolder.PathOf("tests/VismaOperator.ChartTests/lua/run.lua");

    /// <summary>What the script returns for the object.</summary>
    public static async Task<JsonNode> RunAsync(string script, JsonNode obj)
    {
        var folder = Directory.CreateTempSubdirectory("visma-operator-lua-");
        try
        {
            var (scriptFile, objectFile) = (Path.Combine(folder.FullName, "script.lua"), Path.Combine(folder.FullName, "object.lua"));
            await File.WriteAllTextAsync(scriptFile, script, TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(objectFile, "return " + Literal(obj), TestContext.Current.CancellationToken);
            return JsonNode.Parse(await Tool.Lua.RunAsync(Runner, scriptFile, objectFile))!;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Literal(JsonNode? node) => node switch
    {
        null => "nil",
        JsonObject members => "{" + string.Join(",", members.Select(pair => $"[{Quote(pair.Key)}]={Literal(pair.Value)}")) + "}",
        JsonArray items => "{" + string.Join(",", items.Select(Literal)) + "}",
        JsonValue value when value.GetValueKind() == JsonValueKind.String => Quote(value.GetValue<string>()),
        _ => node.ToJsonString(),
    };

    private static string Quote(string text) =>
        Encoding
            .UTF8.GetBytes(text)
            .Aggregate(
                new StringBuilder("\""),
                (quoted, octet) => quoted.Append('\\').Append(octet.ToString("d3", CultureInfo.InvariantCulture))
            )
            .Append('"')
            .ToString();
}
