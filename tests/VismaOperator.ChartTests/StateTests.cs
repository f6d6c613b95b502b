using System.Text.Json.Nodes;
using VismaOperator.Api;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>
/// Argo CD's health script and actions over objects of every state, as a real operator left them on a real API server
/// (<see cref="RecordingTests"/> writes them again).
/// </summary>
public sealed class StateTests
{
    private static string Customizations { get; } = RepositoryFolder.PathOf("examples/argo-cd/customizations");

    public static TheoryData<string> States() => [.. State.All.Select(state => state.Name)];

    [Theory]
    [MemberData(nameof(States))]
    public async Task Argo_CD_judges_every_state_right(string name)
    {
        var state = State.All.Single(state => state.Name == name);
        var health = await LuaScript.RunAsync(await ScriptAsync(), Read(name));

        Assert.Equal(state.Health, health["status"]!.GetValue<string>());
        Assert.False(string.IsNullOrEmpty(health["message"]!.GetValue<string>()), "The person at the screen is told nothing.");
    }

    [Fact]
    public void Every_recording_has_an_expectation() =>
        Assert.Equal(State.All.Select(state => state.Name).Order(StringComparer.Ordinal), State.Names());

    [Theory]
    [InlineData("connection-consent-expiring", "The consent ends on")]
    [InlineData("connection-outage", "ProviderUnavailable: ")]
    [InlineData("connection-scopes-missing", "Not granted: vismanet_erp_service_api:create")]
    [InlineData("client-secret-expiring", "expires on")]
    public async Task Problems_are_shown_while_the_token_is_valid(string name, string text)
    {
        var health = await LuaScript.RunAsync(await ScriptAsync(), Read(name));

        Assert.Equal("Healthy", health["status"]!.GetValue<string>());
        Assert.Contains(text, health["message"]!.GetValue<string>(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_action_refresh_asks_the_operator_for_a_refresh()
    {
        var changed = await ActAsync("refresh", Read("connection-ready"));

        Assert.Matches(
            @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
            changed["metadata"]!["annotations"]![VismaNames.RequestedAtAnnotation]!.GetValue<string>()
        );
    }

    [Theory]
    [InlineData("suspend", "connection-ready", true)]
    [InlineData("resume", "connection-suspended", false)]
    public async Task The_actions_suspend_and_resume_change_the_spec(string action, string before, bool suspended)
    {
        var changed = await ActAsync(action, Read(before));

        Assert.Equal(suspended, changed["spec"]!["suspend"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("connection-ready", "resume")]
    [InlineData("connection-suspended", "refresh,suspend")]
    public async Task Only_actions_that_make_sense_are_offered(string name, string disabled)
    {
        var offered = (await LuaScript.RunAsync(Actions()["discovery.lua"]!.GetValue<string>(), Read(name))).AsObject();

        Assert.Equal(
            disabled,
            string.Join(
                ',',
                offered.Where(pair => pair.Value!["disabled"]!.GetValue<bool>()).Select(pair => pair.Key).Order(StringComparer.Ordinal)
            )
        );
        Assert.Equal(
            Actions()["definitions"]!.AsArray().Select(definition => definition!["name"]!.GetValue<string>()).Order(),
            offered.Select(pair => pair.Key).Order()
        );
    }

    [Fact]
    public async Task The_config_map_holds_the_scripts_under_the_names_that_Argo_CD_looks_for()
    {
        var map = YamlDocuments.Read(new StringReader(await Tool.Kubectl.RunAsync("kustomize", Customizations))).Single();

        Assert.Equal("argocd-cm", map.Name());
        Assert.Equal(
            await ScriptAsync(),
            map["data"]!["resource.customizations.health.visma-operator.io_VismaConnection"]!.GetValue<string>()
        );
        Assert.Equal(await ScriptAsync(), map["data"]!["resource.customizations.health.visma-operator.io_OAuthClient"]!.GetValue<string>());
        Assert.NotNull(map["data"]!["resource.customizations.actions.visma-operator.io_VismaConnection"]);
    }

    private static Task<string> ScriptAsync() =>
        File.ReadAllTextAsync(Path.Combine(Customizations, "health.lua"), TestContext.Current.CancellationToken);

    private static JsonNode Actions() => YamlDocuments.Read(Path.Combine(Customizations, "actions.yaml")).Single();

    private static Task<JsonNode> ActAsync(string name, JsonNode obj) =>
        LuaScript.RunAsync(
            Actions()["definitions"]!.AsArray().Single(definition => definition!["name"]!.GetValue<string>() == name)![
                "action.lua"
            ]!.GetValue<string>(),
            obj
        );

    private static JsonNode Read(string name) => State.All.Single(state => state.Name == name).Read();
}
