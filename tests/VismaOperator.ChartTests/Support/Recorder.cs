using System.Text.Json;
using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests.Support;

/// <summary>
/// Creates objects that are called as the state that they are to reach, and keeps what they looked like when they reached it.
/// </summary>
internal sealed class Recorder(ChartScene scene)
{
    private const string Group = "visma-operator.io/v1";

    private static readonly JsonSerializerOptions readable = new() { WriteIndented = true };

    private readonly SortedDictionary<string, JsonNode> taken = new(StringComparer.Ordinal);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public Task ClientAsync(string name, string clientId, string secret, Uri? issuer = null, string more = "") =>
        CreateAsync(
            "OAuthClient",
            "oauthclients",
            name,
            $$"""
            {"issuer": "{{(
                issuer ?? scene.Provider.Issuer
            ).OriginalString}}", "clientID": "{{clientId}}", "clientSecrets": [{"secretKeyRef": {"name": "{{secret}}", "key": "clientSecret"}{{more}} }] }
            """,
            finalizer: null
        );

    public Task ConnectionAsync(
        string name,
        string tenant,
        string client = "client-ready",
        string scope = "vismanet_erp_service_api:read",
        string more = "",
        string? finalizer = null
    ) =>
        CreateAsync(
            "VismaConnection",
            "vismaconnections",
            name,
            $$"""
            {"oauthClientRef": {"name": "{{client}}"}, "tenantID": "{{tenant}}", "scopes": ["{{scope.Replace(
                " ",
                "\", \"",
                StringComparison.Ordinal
            )}}"]{{more}} }
            """,
            finalizer
        );

    public Task RefreshAsync(string connection) =>
        scene.Admin.PatchAsync(
            PathOf(connection),
            JsonNode.Parse("""{"metadata": {"annotations": {"visma-operator.io/requestedAt": "once"}}}""")!,
            Ct
        );

    public Task SuspendAsync(string connection) =>
        scene.Admin.PatchAsync(PathOf(connection), JsonNode.Parse("""{"spec": {"suspend": true}}""")!, Ct);

    /// <summary>Writes a sequence number into status, as a grant that another cluster used would leave it there.</summary>
    public Task ClaimSequenceAsync(string connection, long sequence) =>
        scene.Admin.PatchAsync(
            $"{PathOf(connection)}/status",
            JsonNode.Parse($$"""{"status": {"authorization": {"sequence": {{sequence}} } } }""")!,
            Ct
        );

    /// <summary>Waits until the object is as wanted, and keeps it.</summary>
    public async Task TakeAsync(string name, Func<JsonNode, bool> isWanted)
    {
        JsonNode? last = null;
        try
        {
            taken[name] = await Eventually.GetAsync(
                name,
                async token => (last = await scene.Admin.FindAsync(PathOf(name), token)) is { } found && isWanted(found) ? found : null,
                Ct
            );
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\nIt was: {last?.ToJsonString()}\nThe operator said:\n{scene.Log()}", timeout);
        }
    }

    /// <summary>A second look at an object that was taken, to be changed into another state.</summary>
    public async Task<JsonNode> CopyAsync(string name, string copy) => taken[copy] = await scene.Admin.GetAsync(PathOf(name), Ct);

    /// <summary>Asks Argo CD's script about every object, and writes the objects down where that is wanted.</summary>
    public async Task JudgeAsync()
    {
        var script = await File.ReadAllTextAsync(RepositoryFolder.PathOf("examples/argo-cd/customizations/health.lua"), Ct);
        Assert.Equal(State.All.Select(state => state.Name).Order(), taken.Keys.Order());
        foreach (var state in State.All)
        {
            var health = await LuaScript.RunAsync(script, taken[state.Name]);
            Assert.Equal((state.Name, state.Health), (state.Name, health["status"]!.GetValue<string>()));
            await WriteAsync(state.Name);
        }
    }

    private async Task WriteAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("WRITE_RECORDINGS") == "1")
        {
            taken[name]["metadata"]!.AsObject().Remove("managedFields");
            var file = RepositoryFolder.PathOf($"tests/VismaOperator.ChartTests/recorded/{name}.json");
            await File.WriteAllTextAsync(file, taken[name].ToJsonString(readable) + "\n", Ct);
        }
    }

    private string PathOf(string name) =>
        scene.Clients.Of(Group, $"{(name.StartsWith("client-", StringComparison.Ordinal) ? "oauthclients" : "vismaconnections")}/{name}");

    private Task<JsonNode> CreateAsync(string kind, string plural, string name, string spec, string? finalizer)
    {
        var resource = JsonNode.Parse(
            $$"""{"apiVersion": "{{Group}}", "kind": "{{kind}}", "metadata": {"name": "{{name}}"}, "spec": {{spec}} }"""
        )!;
        if (finalizer is not null)
        {
            resource["metadata"]!["finalizers"] = new JsonArray(finalizer);
        }

        return scene.Admin.CreateAsync(scene.Clients.Of(Group, plural), resource, Ct);
    }
}
