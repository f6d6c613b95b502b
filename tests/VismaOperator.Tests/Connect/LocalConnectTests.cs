using VismaOperator.Cli.Connect;
using VismaOperator.Local;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Connect;

/// <summary>Consents that reach local mode, and those that do not.</summary>
public sealed class LocalConnectTests : LocalConnectScene
{
    [Fact]
    public async Task Once_ends_and_says_that_a_consent_is_awaited()
    {
        Assert.False(await OnceAsync());

        Assert.Matches("here +acme +False +AwaitingConsent ", Output.ToString());
        Assert.Contains(
            $"Nobody has consented yet. Run visma-operator connect here/acme --state {Folder["state"]}.",
            Output.ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_consent_reaches_local_mode_while_it_runs()
    {
        await OnceAsync();
        await using var local = Start();

        Assert.Equal(SomeConsents.PersonSubject, Assert.IsType<ConsentResult.Consented>(await ConnectAsync()).By);

        await local.StopAsync();
        Assert.Empty(InHandoffs("*"));
        Assert.NotEmpty(Token);
    }

    [Fact]
    public async Task Local_mode_that_starts_after_the_consent_redeems_it_and_a_restart_asks_for_nothing()
    {
        await OnceAsync();
        var connecting = ConnectAsync();
        await UntilLeftAsync(connecting);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFiles.PrivateFile, File.GetUnixFileMode(Codes.Single()));
            Assert.Equal(UnixFiles.PrivateDirectory, File.GetUnixFileMode(Path.GetDirectoryName(Codes.Single())!));
        }

        Assert.True(await OnceAsync());
        Assert.IsType<ConsentResult.Consented>(await connecting);
        var (token, requests) = (Token, Provider.Ledger.TokenRequests.Count);
        Directory.Delete(Folder["out"], recursive: true);
        Assert.True(await OnceAsync());

        Assert.Equal(1, requests);
        Assert.Equal(requests, Provider.Ledger.TokenRequests.Count);
        Assert.Equal(token, Token);
        Assert.False(Provider.Grants.Families.Single().IsRevoked);
    }

    [Fact]
    public async Task A_consent_that_gives_no_grant_is_reported_with_the_reason()
    {
        Provider.Portal.Set(Provider.Portal.FindClient(Some.ClientId)! with { ComparesTenants = false });
        await OnceAsync();
        await using var local = Start();

        Assert.StartsWith(
            "TenantMismatch: ",
            Assert.IsType<ConsentResult.Failed>(await ConnectAsync(Some.OtherTenant)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_code_that_was_taken_and_then_lost_is_not_sent_again()
    {
        await OnceAsync();
        using var stop = new CancellationTokenSource();
        var connecting = ConnectAsync(stop: stop.Token);
        await UntilLeftAsync(connecting);
        var code = Codes.Single();
        File.Move(code, code + ".taken"); // as a process leaves it that ends in that moment

        Assert.False(await OnceAsync());

        Assert.Empty(InHandoffs("*"));
        Assert.Empty(Provider.Ledger.TokenRequests);
        Assert.False(connecting.IsCompleted); // it still hopes for an outcome
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
    }

    [Fact]
    public async Task A_code_that_was_being_taken_back_when_connect_ended_does_not_stay_on_the_disk()
    {
        await OnceAsync();
        Directory.CreateDirectory(Folder["state", "handoffs", "here"]);
        File.WriteAllText(Folder["state", "handoffs", "here", "acme.json.withdrawn"], "a code");

        await OnceAsync();

        Assert.Empty(InHandoffs("*"));
        Assert.Empty(Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task A_state_directory_without_the_connection_is_reported_with_the_remedy()
    {
        Assert.Contains(
            "Start visma-operator local with it once",
            Assert.Throws<LocalException>(() => StateSource.Open(Folder["state"])).Message,
            StringComparison.Ordinal
        );
        Folder.CreateFolder("state");

        var failure = await Assert.ThrowsAsync<ConnectException>(() => ConnectAsync());

        Assert.Contains(
            $"VismaConnection here/acme does not exist in the state directory {Folder["state"]}.",
            failure.Message,
            StringComparison.Ordinal
        );
    }
}
