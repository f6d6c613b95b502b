using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// A grant moves from one API server to another by the commands of <c>docs/moving-a-grant.md</c>, as they stand there. The refresh tokens
/// work once and without grace: one that both clusters sent would be refused, and its family revoked.
/// </summary>
[Collection(OwnServerFixture.Collection)]
public sealed partial class MovedGrantTests(ApiServerFixture fixture, OwnServerFixture other)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Cluster")]
    [InlineData("Listed")]
    public async Task A_grant_moves_without_a_second_consent_and_no_token_is_spent_twice(string reach)
    {
        Assert.SkipUnless(fixture.Server.CanRestart, ApiServer.NoRestartReason); // else both are one cluster
        await using var source = await SourceAsync(Enum.Parse<Reach>(reach));
        await using var target = await TargetAsync(source, Enum.Parse<Reach>(reach));
        var family = await source.FamilyAsync();
        var steps = new Steps(source, target);

        await steps.RunAsync(0);
        await SaveAsync(source, steps);
        await steps.RunAsync(3);
        await target.CreateClientsAsync();
        await target.CreateConnectionAsync(Consents.Spec(0));
        await steps.RunAsync(4);
        await steps.RunAsync(5);

        // It is renewed in the new cluster, and the old one has nothing left.
        await target.RequestRefreshAsync("now");
        await target.UntilHandledAsync("now");
        await target.UntilServedAsync();
        await target.UntilStillAsync(TimeSpan.FromSeconds(1));
        Assert.Null(await source.Admin.FindAsync(source.GrantPath(), Ct));
        AssertSpentOnce(source.Provider, family);
        Assert.Single(source.Provider.Grants.Families);
        Assert.Equal([GrantVerdict.Granted], Exchanges(source.Provider).Select(entry => entry.Grant!.Verdict));
        Assert.True(source.Provider.Grants.Families.Single().RefreshTokens.Single(token => token.Generation == 2).IsLive);
    }

    [Fact]
    public async Task A_grant_that_changed_since_it_was_saved_stays_where_it_is()
    {
        Assert.SkipUnless(fixture.Server.CanRestart, ApiServer.NoRestartReason);
        await using var source = await SourceAsync(Reach.Cluster);
        await using var target = await TargetAsync(source, Reach.Cluster);
        var steps = new Steps(source, target);
        await SaveAsync(source, steps);

        // GitOps puts the connection back to work, and it is renewed.
        await source.ChangeConnectionAsync(new JsonObject { ["suspend"] = false });
        await source.RequestRefreshAsync("put back");
        await source.UntilHandledAsync("put back");
        await source.UntilServedAsync();
        var moved = await steps.TryAsync(3);

        Assert.NotEqual(0, moved.ExitCode);
        Assert.Contains("Conflict", moved.Text, StringComparison.Ordinal);
        Assert.Null(await target.Admin.FindAsync(target.GrantPath(), Ct));
        Assert.NotNull((await source.Admin.GetAsync(source.GrantPath(), Ct))["data"]!["refresh_token"]);
    }

    [Fact]
    public async Task A_grant_that_would_be_revoked_with_its_connection_is_not_taken()
    {
        Assert.SkipUnless(fixture.Server.CanRestart, ApiServer.NoRestartReason);
        await using var source = await SourceAsync(Reach.Cluster);
        await using var target = await TargetAsync(source, Reach.Cluster);
        var steps = new Steps(source, target);
        await steps.RunAsync(0);

        var saved = await steps.TryAsync(2); // step 1 was left out

        Assert.NotEqual(0, saved.ExitCode);
        Assert.Contains("false", saved.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_saved_grant_outlives_a_create_that_failed_and_every_step_done_again()
    {
        Assert.SkipUnless(fixture.Server.CanRestart, ApiServer.NoRestartReason);
        await using var source = await SourceAsync(Reach.Cluster);
        await using var target = await TargetAsync(source, Reach.Cluster);
        var steps = new Steps(source, target) { IsCreateBroken = true };
        await SaveAsync(source, steps);
        var token = SavedToken(source);

        Assert.NotEqual(0, (await steps.TryAsync(3)).ExitCode);
        Assert.Null((await source.Admin.GetAsync(source.GrantPath(), Ct))["data"]?["refresh_token"]);
        steps.IsCreateBroken = false;
        var again = await steps.TryAsync(3);
        Assert.NotEqual(0, again.ExitCode);
        Assert.Contains("Conflict", again.Text, StringComparison.Ordinal);
        var saved = await steps.TryAsync(2);
        Assert.NotEqual(0, saved.ExitCode);
        Assert.Contains("false", saved.Text, StringComparison.Ordinal);
        Assert.Equal(token, SavedToken(source));

        await steps.RunAsync(Steps.LastOf(3));
        Assert.Equal(token, (string?)(await target.Admin.GetAsync(target.GrantPath(), Ct))["data"]!["refresh_token"]);
        await steps.RunAsync(6); // it is the same, and was not used
    }

    [Fact]
    public async Task A_grant_stays_where_it_is_while_the_other_cluster_has_a_Secret_of_its_name()
    {
        Assert.SkipUnless(fixture.Server.CanRestart, ApiServer.NoRestartReason);
        await using var source = await SourceAsync(Reach.Cluster);
        await using var target = await TargetAsync(source, Reach.Cluster);
        var steps = new Steps(source, target);
        await SaveAsync(source, steps);
        var inTheWay = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject { ["name"] = $"{The.Connection}-visma-grant" },
        };
        await target.Admin.CreateAsync(target.Home.Core("secrets"), inTheWay, Ct);

        var moved = await steps.TryAsync(3);

        Assert.NotEqual(0, moved.ExitCode);
        Assert.Contains("AlreadyExists", moved.Text, StringComparison.Ordinal);
        Assert.NotNull((await source.Admin.GetAsync(source.GrantPath(), Ct))["data"]!["refresh_token"]);
        Assert.NotEqual(0, (await steps.TryAsync(6)).ExitCode); // it is another one
    }

    [Fact]
    public async Task The_saved_grant_stays_until_the_connection_is_Ready()
    {
        Assert.SkipUnless(fixture.Server.CanRestart, ApiServer.NoRestartReason);
        await using var source = await SourceAsync(Reach.Cluster);
        await using var target = await TargetAsync(source, Reach.Cluster);
        var steps = new Steps(source, target);
        await SaveAsync(source, steps);
        await steps.RunAsync(3);
        Assert.NotEqual(0, (await steps.TryAsync(4)).ExitCode); // there is no connection
        var token = SavedToken(source);
        var suspended = Consents.Spec(0);
        suspended["suspend"] = true;
        await target.CreateConnectionAsync(suspended);

        Assert.NotEqual(0, (await steps.TryAsync(Steps.Of(4).Replace("60s", "1s", StringComparison.Ordinal))).ExitCode);

        Assert.Equal(token, SavedToken(source));
    }

    [Theory]
    [InlineData("intent_id", "Retain")] // an exchange was left open
    [InlineData("sequence", "Revoke")]
    public async Task A_grant_that_is_not_at_rest_stays_in_local_mode(string key, string policy)
    {
        await using var target = await Scene.OpenAsync(
            other.Server,
            new SceneOptions { Provider = Consents.Provider(1), Reach = Reach.Cluster }
        );
        var grant = LocalGrantOf(target);
        Directory.CreateDirectory(Path.GetDirectoryName(grant)!);
        var data = new JsonObject
        {
            ["refresh_token"] = "c29tZQ==",
            [key] = "MQ==",
            ["deletion_policy"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(policy)),
        };
        var secret = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["type"] = "Opaque",
            ["metadata"] = new JsonObject { ["name"] = $"{The.Connection}-visma-grant" },
            ["data"] = data,
        };
        await File.WriteAllTextAsync(grant, secret.ToJsonString(), Ct);

        var moved = await new Steps(target, target).TryAsync(FromLocalModeTo(target));

        Assert.NotEqual(0, moved.ExitCode);
        Assert.Null(await target.Admin.FindAsync(target.GrantPath(), Ct));
        Assert.True(File.Exists(grant));
    }

    [Fact]
    public async Task A_copied_grant_is_used_by_nobody_but_its_own_cluster()
    {
        Assert.SkipUnless(fixture.Server.CanRestart, ApiServer.NoRestartReason);
        await using var source = await SourceAsync(Reach.Cluster);
        await using var target = await TargetAsync(source, Reach.Cluster);
        await target.CreateClientsAsync();
        await target.CreateConnectionAsync(Consents.Spec(0));
        var copied = await source.Admin.GetAsync(source.GrantPath(), Ct);
        copied["metadata"] = new JsonObject
        {
            ["name"] = (string?)copied["metadata"]!["name"],
            ["labels"] = copied["metadata"]!["labels"]!.DeepClone(),
            ["annotations"] = copied["metadata"]!["annotations"]!.DeepClone(),
        };

        await target.Admin.CreateAsync(target.Home.Core("secrets"), copied, Ct);
        await target.UntilAsync(
            target.ConnectionPath(),
            "the copy to be told",
            node => node.Condition("Authorized")?.Reason == "GrantUsedElsewhere"
        );
        await target.UntilStillAsync(TimeSpan.FromSeconds(1));

        Assert.Empty(Exchanges(source.Provider));
    }

    [Fact]
    public async Task A_grant_moves_from_local_mode_into_a_cluster()
    {
        await using var target = await Scene.OpenAsync(
            other.Server,
            new SceneOptions { Provider = Consents.Provider(1), Reach = Reach.Cluster }
        );
        var (provider, manifests, state) = (target.Provider, target.FileNamed("manifests"), target.FileNamed("state"));
        var connection = The.VismaConnection(The.Connection, Consents.Spec(0));
        Directory.CreateDirectory(manifests);
        var client = The.OAuthClient(The.Client, The.ClientSpec(provider.Issuer.OriginalString));
        var credentials = JsonNode.Parse(
            $$"""{"apiVersion": "v1", "kind": "Secret", "metadata": {}, "stringData": {"clientSecret": "{{The.ClientSecret}}"} }"""
        )!;
        credentials["metadata"]!["name"] = The.CredentialSecret;
        foreach (var manifest in new[] { client, connection, credentials })
        {
            manifest["metadata"]!["namespace"] = target.Home.Name;
            await File.WriteAllTextAsync(Path.Combine(manifests, $"{manifest["kind"]}.json"), manifest.ToJsonString(), Ct);
        }

        await LocalAsync(target);
        var handoffs = Directory.CreateDirectory(Path.Combine(state, "handoffs", target.Home.Name));
        var handoff = await Consents.HandoffFileAsync(provider, connection, new Consents.Consent(The.ClientId, Consents.TenantOf(0)));
        await File.WriteAllTextAsync(Path.Combine(handoffs.FullName, The.Connection + ".json"), handoff.ToJsonString(), Ct);
        var local = await LocalAsync(target);
        Assert.True(local.ExitCode == 0, local.Text);
        var steps = new Steps(target, target);
        Assert.NotEqual(0, (await steps.TryAsync(FromLocalModeTo(target))).ExitCode); // it would be revoked without a connection
        connection["spec"]!["suspend"] = true;
        connection["spec"]!["authorization"] = new JsonObject { ["deletionPolicy"] = "Retain" };
        await File.WriteAllTextAsync(Path.Combine(manifests, "VismaConnection.json"), connection.ToJsonString(), Ct);
        await LocalAsync(target);

        await steps.RunAsync(FromLocalModeTo(target));
        await target.CreateClientsAsync();
        await target.CreateConnectionAsync(Consents.Spec(0));
        await steps.RunAsync(4);
        await target.RequestRefreshAsync("now");
        await target.UntilHandledAsync("now");
        await target.UntilServedAsync();

        AssertSpentOnce(provider, Assert.Single(provider.Grants.Families));
        Assert.Equal([GrantVerdict.Granted], Exchanges(provider).Select(entry => entry.Grant!.Verdict));
        await LocalAsync(target); // it has no grant any more
        Assert.Single(Exchanges(provider));
    }

    private static async Task SaveAsync(Scene source, Steps steps)
    {
        await steps.RunAsync(1);
        await source.UntilAsync(source.GrantPath(), "the note in the grant", grant => grant.Value("deletion_policy") == "Retain");
        await steps.RunAsync(2);
    }

    private static string LocalGrantOf(Scene scene) =>
        Path.Combine(scene.FileNamed("state"), "secrets", scene.Home.Name, $"{The.Connection}-visma-grant.json");

    private static string FromLocalModeTo(Scene scene) =>
        Steps
            .FromLocalMode.Replace("STATE", scene.FileNamed("state"), StringComparison.Ordinal)
            .Replace("/integrations/", $"/{scene.Home.Name}/", StringComparison.Ordinal)
            .Replace("/acme-", $"/{The.Connection}-", StringComparison.Ordinal);

    private static string? SavedToken(Scene source) =>
        (string?)JsonNode.Parse(File.ReadAllText(source.FileNamed("grant.json")))!["data"]?["refresh_token"];

    private static Task<Verb> LocalAsync(Scene scene) =>
        Verb.RunAsync(
            scene,
            null,
            "local",
            "--once",
            "-f",
            scene.FileNamed("manifests"),
            "--out",
            scene.FileNamed("out"),
            "--state",
            scene.FileNamed("state"),
            "--allowed-issuers",
            scene.Provider.Issuer.OriginalString,
            "--insecure-issuers"
        );

    private async Task<Scene> SourceAsync(Reach reach)
    {
        var scene = await Scene.OpenAsync(
            fixture.Server,
            new SceneOptions { Provider = Consents.Provider(1), Reach = reach }
        );
        await scene.CreateClientsAsync();
        await scene.CreateConnectionAsync(Consents.Spec(0));
        await scene.HandOverAsync(0);
        await scene.UntilServedAsync();
        return scene;
    }

    // The same namespace in the other cluster, with an operator that may ask the same provider.
    private Task<Scene> TargetAsync(Scene source, Reach reach) =>
        Scene.OpenAsync(other.Server, new SceneOptions { Shared = source.Provider, Namespace = source.Home.Name, Reach = reach });

    private static IEnumerable<LedgerEntry> Exchanges(VismaConnectStandIn provider) =>
        provider.Ledger.TokenRequests.Where(entry => entry.Request.GrantType == "refresh_token");

    private static void AssertSpentOnce(VismaConnectStandIn provider, GrantFamily family)
    {
        Assert.All(Exchanges(provider).GroupBy(entry => entry.Grant!.Presented), spent => Assert.Single(spent));
        Assert.False(provider.Grants.Families.Single(one => one.Id == family.Id).IsRevoked);
    }

    /// <summary>The blocks of commands of the page, one for each step; number 0 is the one that a reader fills in.</summary>
    private sealed partial class Steps(Scene source, Scene target)
    {
        private static string Page { get; } = File.ReadAllText(RepositoryFolder.PathOf("docs/moving-a-grant.md"));

        private static IReadOnlyList<string> Blocks { get; } =
            [.. Block().Matches(Page).Select(block => block.Groups["commands"].Value)];

        /// <summary>Whether a Secret that is created in the new cluster is refused, unless only a try of it is asked for.</summary>
        public bool IsCreateBroken { get; set; }

        public static string FromLocalMode { get; } = InText().Match(Page).Groups["commands"].Value;

        public static string Of(int step) => Blocks[step];

        public static string LastOf(int step) => Blocks[step].TrimEnd().Split('\n')[^1];

        public Task RunAsync(int step) => RunAsync(step == 0 ? string.Empty : Blocks[step]);

        public async Task RunAsync(string commands)
        {
            var run = await TryAsync(commands);
            Assert.True(run.ExitCode == 0, $"{commands} ended with {run.ExitCode}:\n{run.Text}");
        }

        public Task<(int ExitCode, string Text)> TryAsync(int step) => TryAsync(Blocks[step]);

        // In the shell of a reader, who goes on after a command that failed.
        public async Task<(int ExitCode, string Text)> TryAsync(string commands)
        {
            Assert.Equal(7, Blocks.Count);
            var script = source.FileNamed("step.sh");
            await File.WriteAllTextAsync(
                source.FileNamed("new.sh"),
                $$"""
                case "{{IsCreateBroken}} $*" in
                  *dry-run*) ;;
                  True*create*) exit 1 ;;
                esac
                exec kubectl {{Access(target)}} "$@"
                """,
                Ct
            );
            await File.WriteAllTextAsync(
                script,
                $"""
                set -u
                cd {Path.GetDirectoryName(script)}
                {Settings()}
                {commands}
                """,
                Ct
            );
            await using var process = RealProcess.Start(new ProcessCommand("sh", "/bin/sh", [script], script + ".log"));
            var code = await process.WaitForExitAsync(Ct);
            return (code, string.Join('\n', process.Lines));
        }

        // As a reader would: contexts, namespace and name are put in.
        private string Settings() =>
            Blocks[0]
                .Replace("--context old -n integrations", Access(source), StringComparison.Ordinal)
                .Replace("kubectl --context new -n integrations", $"sh {source.FileNamed("new.sh")}", StringComparison.Ordinal)
                .Replace("NAME=acme", $"NAME={The.Connection}", StringComparison.Ordinal);

        private static string Access(Scene scene) => $"--kubeconfig {scene.Server.KubeconfigPath} -n {scene.Home.Name}";

        [GeneratedRegex(
            "^```sh\n(?<commands>.*?)^```$",
            RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.Singleline,
            60_000
        )]
        private static partial Regex Block();

        [GeneratedRegex(
            "^```text\n(?<commands>.*?)^```$",
            RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.Singleline,
            60_000
        )]
        private static partial Regex InText();
    }
}
