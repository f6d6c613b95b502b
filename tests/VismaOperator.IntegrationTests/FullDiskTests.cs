using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary>Local mode as a real process whose disk fills up. Refresh tokens work once, without grace.</summary>
public sealed class FullDiskTests
{
    private const string Home = "integrations";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_disk_that_fills_up_in_the_middle_of_an_exchange_costs_no_grant_and_no_token_is_spent_twice()
    {
        using var disk = SmallDisk.TryMount(out var refusal);
        Assert.SkipWhen(disk is null, refusal);
        await using var provider = await VismaConnectStandIn.StartAsync(
            Consents.Provider(1) with { AccessTokenLifetime = TimeSpan.FromSeconds(30) },
            Ct
        );
        var connection = The.VismaConnection(The.Connection, Consents.Spec(0));
        await WriteManifestsAsync(disk, provider, connection);
        var log = Path.GetTempFileName(); // on another disk
        await using var local = Start(disk, provider, log);
        var connections = disk[Path.Combine("state", "vismaconnections")];
        await Eventually.BecomesTrueAsync("the manifests to be read", () => Directory.Exists(connections), Ct);
        await ConsentAsync(disk, provider, connection);
        var first = await Eventually.GetAsync("a token", _ => Task.FromResult(TokenIn(disk)), Ct);

        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new Fault.HoldAnswer(answered.Task);
        provider.Faults.Next(answer, grantType: "refresh_token");
        await answer.Reached.WaitAsync(Eventually.Patience, TimeProvider.System, Ct);
        disk.Fill();
        answered.SetResult();
        await local.WaitForLineAsync("could not be stored yet", Ct);
        Assert.NotEqual(LiveToken(provider), StoredToken(disk));
        Assert.Equal(first, TokenIn(disk)); // what readers have stays whole

        disk.Free();
        await Eventually.BecomesTrueAsync("the newest grant to be stored", () => LiveToken(provider) == StoredToken(disk), Ct);
        await Eventually.BecomesTrueAsync("another token", () => TokenIn(disk) is { } token && token != first, Ct);
        Assert.Equal(0, await local.TerminateAsync(Ct));

        var family = Assert.Single(provider.Grants.Families);
        Assert.False(family.IsRevoked);
        Assert.Equal(LiveToken(provider), StoredToken(disk));
        var exchanges = provider.Ledger.TokenRequests.Where(entry => entry.Request.GrantType == "refresh_token");
        Assert.All(exchanges.GroupBy(entry => entry.Grant!.Presented), spent => Assert.Single(spent));
        File.Delete(log);
    }

    private static RealProcess Start(SmallDisk disk, VismaConnectStandIn provider, string log) =>
        RealProcess.Start(
            new ProcessCommand(
                "visma-operator",
                OperatorProcess.FindProgram("visma-operator"),
                [
                    "local",
                    "-f",
                    disk["manifests"],
                    "--out",
                    disk["out"],
                    "--state",
                    disk["state"],
                    "--allowed-issuers",
                    provider.Issuer.OriginalString,
                    "--insecure-issuers",
                ],
                log
            )
        );

    private static async Task WriteManifestsAsync(SmallDisk disk, VismaConnectStandIn provider, JsonObject connection)
    {
        Directory.CreateDirectory(disk["manifests"]);
        var client = The.OAuthClient(The.Client, The.ClientSpec(provider.Issuer.OriginalString));
        var credentials = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject { ["name"] = The.CredentialSecret },
            ["stringData"] = new JsonObject { ["clientSecret"] = The.ClientSecret },
        };
        foreach (var manifest in new[] { client, connection, credentials })
        {
            manifest["metadata"]!["namespace"] = Home;
            await File.WriteAllTextAsync(Path.Combine(disk["manifests"], $"{manifest["kind"]}.json"), manifest.ToJsonString(), Ct);
        }
    }

    // As connect leaves it: whole at once.
    private static async Task ConsentAsync(SmallDisk disk, VismaConnectStandIn provider, JsonObject connection)
    {
        var handoffs = Directory.CreateDirectory(Path.Combine(disk["state"], "handoffs", Home));
        var handoff = await Consents.HandoffFileAsync(provider, connection, new Consents.Consent(The.ClientId, Consents.TenantOf(0)));
        await File.WriteAllTextAsync(disk["handoff.json"], handoff.ToJsonString(), Ct);
        File.Move(disk["handoff.json"], Path.Combine(handoffs.FullName, The.Connection + ".json"));
    }

    private static string? TokenIn(SmallDisk disk) =>
        Directory.Exists(disk["out"])
        && Directory.EnumerateFiles(disk["out"], "access_token", SearchOption.AllDirectories).FirstOrDefault() is { } file
            ? File.ReadAllText(file)
            : null;

    private static string LiveToken(VismaConnectStandIn provider) =>
        Assert.Single(provider.Grants.Families).RefreshTokens.Single(token => token.IsLive).Sha256;

    private static string? StoredToken(SmallDisk disk)
    {
        var file = Path.Combine(disk["state"], "secrets", Home, $"{The.Connection}-visma-grant.json");
        return File.Exists(file) ? GrantTrace.HashOf(JsonNode.Parse(File.ReadAllText(file))!.Value("refresh_token")) : null;
    }
}
