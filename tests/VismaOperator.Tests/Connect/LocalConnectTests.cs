using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Microsoft.Extensions.Logging;
using VismaConnect.StandIn;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Connect;
using VismaOperator.Clients;
using VismaOperator.Grants;
using VismaOperator.Hosting;
using VismaOperator.Local;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Connect;

/// <summary>
/// Interactive connections without a cluster: local mode, the verb that brings consents to it through the state directory, and restarts. On
/// the real clock.
/// </summary>
public sealed class LocalConnectTests : IAsyncLifetime
{
    private static readonly TimeSpan patience = TestOperator.Patience;
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();
    private readonly Uri redirectUri = ConnectOptions.DefaultRedirectUri(FreePort.Take());
    private VismaConnectStandIn provider = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private AllowLists AllowLists => new() { AllowedIssuers = [provider.Issuer.OriginalString], AllowInsecureIssuers = true };

    private string Token => File.ReadAllText(folder["out", "here", "acme-token", "access_token"]);

    private IEnumerable<string> Codes => InHandoffs("*.json");

    public async ValueTask InitializeAsync()
    {
        provider = await VismaConnectStandIn.StartAsync(
            new StandInOptions
            {
                Clients = [new StandInClient(Some.ClientId) { Secrets = [new StandInSecret(Some.ClientSecret)] }],
                Tenants = [new StandInTenant(Some.Tenant), new StandInTenant(Some.OtherTenant)],
            },
            Ct
        );
        var oneTime = new StandInRefreshTokens { Usage = RefreshTokenUsage.OneTime, Grace = TimeSpan.FromSeconds(60) };
        provider.AllowInteractive(oneTime, redirectUri.OriginalString);
        folder.CreateFolder("manifests");
        File.WriteAllText(folder["manifests", "client.yaml"], $$"""
            apiVersion: v1
            kind: Secret
            metadata: {name: acme, namespace: here}
            stringData: {clientSecret: {{Some.ClientSecret}}}
            ---
            apiVersion: visma-operator.io/v1
            kind: OAuthClient
            metadata: {name: acme, namespace: here}
            spec:
              issuer: {{provider.Issuer.OriginalString}}
              clientID: {{Some.ClientId}}
              clientSecrets:
              - secretKeyRef: {name: acme, key: clientSecret}
            """);
        WriteConnection("{name: acme, namespace: here}");
    }

    private string Connection => folder["manifests", "connection.yaml"];

    private string GrantFile => folder["state", "secrets", "here", "acme-visma-grant.json"];

    private void WriteConnection(string metadata) =>
        File.WriteAllText(Connection, $$"""
            apiVersion: visma-operator.io/v1
            kind: VismaConnection
            metadata: {{metadata}}
            spec:
              oauthClientRef: {name: acme}
              tenantID: {{Some.Tenant}}
              grant: AuthorizationCode
              scopes: [vismanet_erp_interactive_api:read]
            """);

    public async ValueTask DisposeAsync()
    {
        Assert.All(
            provider.Ledger.AllSecretsIssued(),
            secret => Assert.DoesNotContain(secret, output.ToString(), StringComparison.Ordinal)
        );
        await provider.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Once_ends_and_says_that_a_consent_is_awaited()
    {
        Assert.False(await OnceAsync());

        Assert.Matches("here +acme +False +AwaitingConsent ", output.ToString());
        Assert.Contains(
            $"Nobody has consented yet. Run visma-operator connect here/acme --state {folder["state"]}.",
            output.ToString(),
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
        var (token, requests) = (Token, provider.Ledger.TokenRequests.Count);
        Directory.Delete(folder["out"], recursive: true);
        Assert.True(await OnceAsync());

        Assert.Equal(1, requests);
        Assert.Equal(requests, provider.Ledger.TokenRequests.Count);
        Assert.Equal(token, Token);
        Assert.False(provider.Grants.Families.Single().IsRevoked);
    }

    [Fact]
    public async Task A_consent_that_gives_no_grant_is_reported_with_the_reason()
    {
        provider.Portal.Set(provider.Portal.FindClient(Some.ClientId)! with { ComparesTenants = false });
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
        Assert.Empty(provider.Ledger.TokenRequests);
        Assert.False(connecting.IsCompleted); // it still hopes for an outcome
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
    }

    [Fact]
    public async Task A_code_that_was_being_taken_back_when_connect_ended_does_not_stay_on_the_disk()
    {
        await OnceAsync();
        Directory.CreateDirectory(folder["state", "handoffs", "here"]);
        File.WriteAllText(folder["state", "handoffs", "here", "acme.json.withdrawn"], "a code");

        await OnceAsync();

        Assert.Empty(InHandoffs("*"));
        Assert.Empty(provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task Once_runs_until_an_exchange_whose_answer_was_lost_is_repaired()
    {
        await ConsentAsync();
        AskForAnother();
        provider.Faults.Next(new Fault.CutAfterProcessing(), grantType: "refresh_token");

        Assert.True(await OnceAsync());

        Assert.Equal(2, provider.Ledger.TokenRequests.Count(request => request.Request.GrantType == "refresh_token"));
        Assert.Null(Kept().Intent);
        Assert.Equal("Bearer " + Token, File.ReadAllText(folder["out", "here", "acme-token", "authorization"]));
    }

    // The lock of the state directory says that it has ended, so nobody needs to be waited for.
    [Fact]
    public async Task Once_ends_the_exchange_of_a_process_that_was_killed_and_waits_for_nobody()
    {
        await ConsentAsync();
        LeaveIntent();

        Assert.True(await OnceAsync(TimeSpan.FromSeconds(8)));

        Assert.Null(Kept().Intent);
        Assert.Single(provider.Ledger.TokenRequests, request => request.Request.GrantType == "refresh_token");
        Assert.False(provider.Grants.Families.Single().IsRevoked);
    }

    [Fact]
    public async Task Once_fails_while_an_exchange_is_open_and_says_what_to_do()
    {
        await ConsentAsync();
        AskForAnother();
        provider.Faults.Always(new Fault.CutAfterProcessing());

        Assert.False(await OnceAsync(TimeSpan.FromSeconds(2)));

        Assert.Contains(
            "The answer to an exchange of the refresh token of here/acme has not come: run this again at once",
            output.ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Once_fails_where_a_grant_could_not_be_stored_before_it_had_to_end()
    {
        await ConsentAsync();
        Directory.CreateDirectory(GrantFile + ".new"); // as good as a full disk
        using var stop = new CancellationTokenSource();
        var connecting = ConnectAsync(stop: stop.Token);
        await UntilLeftAsync(connecting);
        var time = new SettableTime(TimeProvider.System.GetUtcNow());

        Assert.False(await PassingAsync(time, Mode(LocalRun.Settled, TimeSpan.FromSeconds(10), time).RunAsync(Ct)));

        Assert.Contains("A new refresh token of here/acme could not be stored", output.ToString(), StringComparison.Ordinal);
        await stop.CancelAsync();
        await connecting.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task Once_says_which_grants_still_await_their_revocation()
    {
        await ConsentAsync();
        Assert.DoesNotContain("revo", output.ToString(), StringComparison.Ordinal);
        File.Delete(Connection);

        await OnceAsync();

        Assert.Contains("1 grant awaits its revocation: here/acme. ", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("without --once", output.ToString(), StringComparison.Ordinal);
    }

    private async Task ConsentAsync()
    {
        await OnceAsync();
        var connecting = ConnectAsync();
        await UntilLeftAsync(connecting);
        Assert.True(await OnceAsync());
        Assert.IsType<ConsentResult.Consented>(await connecting);
    }

    private void AskForAnother() =>
        WriteConnection("{name: acme, namespace: here, annotations: {visma-operator.io/requestedAt: now}}");

    private GrantDocument Kept() =>
        GrantSecret.Read(JsonSerializer.Deserialize(File.ReadAllBytes(GrantFile), Secret.JsonTypeInfo)!);

    // What a process leaves that is killed after it has stored its intent.
    private void LeaveIntent()
    {
        var json = JsonNode.Parse(File.ReadAllBytes(GrantFile))!;
        json["data"]![GrantKeys.IntentId] = Convert.ToBase64String("of another process"u8);
        json["data"]![GrantKeys.IntentTokenHash] = Convert.ToBase64String("hash"u8);
        json["data"]![GrantKeys.IntentTime] = Convert.ToBase64String("2026-11-23T12:00:00Z"u8);
        File.WriteAllText(GrantFile, json.ToJsonString());
    }

    private static async Task<T> PassingAsync<T>(SettableTime time, Task<T> happening)
    {
        using var limit = new CancellationTokenSource(patience);
        while (!happening.IsCompleted && !limit.IsCancellationRequested)
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            await happening.WaitAsync(TimeSpan.FromMilliseconds(5)).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        return await happening.WaitAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_state_directory_without_the_connection_is_reported_with_the_remedy()
    {
        Assert.Contains(
            "Start visma-operator local with it once",
            Assert.Throws<LocalException>(() => StateSource.Open(folder["state"])).Message,
            StringComparison.Ordinal
        );
        folder.CreateFolder("state");

        var failure = await Assert.ThrowsAsync<ConnectException>(() => ConnectAsync());

        Assert.Contains(
            $"VismaConnection here/acme does not exist in the state directory {folder["state"]}.",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    private IEnumerable<string> InHandoffs(string pattern) =>
        Directory.Exists(folder["state", "handoffs"])
            ? Directory.EnumerateFiles(folder["state", "handoffs"], pattern, SearchOption.AllDirectories)
            : [];

    private async Task<ConsentResult> ConnectAsync(string tenant = Some.Tenant, CancellationToken? stop = null)
    {
        using var oauth = new OAuthEndpoints(AllowLists, TimeProvider.System);
        using var person = Person.WhoApproves(provider, tenant: tenant);
        var tools = new ConnectTools
        {
            Source = StateSource.Open(folder["state"]),
            Endpoints = new ProviderEndpoints(oauth.Metadata),
            Browser = person,
            Resolve = (_, _) => throw new InvalidOperationException("localhost is not looked up."),
            RandomBytes = RandomNumberGenerator.GetBytes,
            Time = TimeProvider.System,
            Output = output,
        };
        var run = new ConnectRun(new ConnectOptions { RedirectUri = redirectUri, AllowLists = AllowLists }, tools);
        return await run.RunAsync(new NamespacedName("here", "acme"), stop ?? Ct).WaitAsync(patience, Ct);
    }

    private Task<bool> OnceAsync(TimeSpan? timeout = null) => Mode(LocalRun.Settled, timeout).RunAsync(Ct).WaitAsync(patience, Ct);

    private RunningLocal Start()
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        return new RunningLocal(stop, Mode(LocalRun.Stopped).RunAsync(stop.Token));
    }

    private LocalMode Mode(LocalRun until, TimeSpan? timeout = null, TimeProvider? time = null) => new(
        new LocalOptions
        {
            Manifests = [folder["manifests"]],
            Output = folder["out"],
            State = folder["state"],
            Until = until,
            Timeout = timeout ?? LocalOptions.DefaultTimeout,
            AllowLists = AllowLists,
            Logs = new LogOptions { Format = LogFormat.Text, Level = LogLevel.Critical },
        },
        output,
        time ?? TimeProvider.System);

    // A verb that ended has left no code and will leave none: what it ended with is what went wrong.
    private async Task UntilLeftAsync(Task<ConsentResult> connecting)
    {
        using var limit = new CancellationTokenSource(patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!Codes.Any())
        {
            Assert.False(connecting.IsCompleted, connecting.IsCompletedSuccessfully ? $"{await connecting}" : $"{connecting.Exception}");
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    private sealed class RunningLocal(CancellationTokenSource stop, Task running) : IAsyncDisposable
    {
        public async Task StopAsync()
        {
            await stop.CancelAsync();
            await running.WaitAsync(patience);
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            stop.Dispose();
        }
    }
}
