using System.Security.Cryptography;
using Kubernetes.Client;
using Microsoft.Extensions.Logging;
using VismaConnect.StandIn;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Connect;
using VismaOperator.Clients;
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
    private static readonly TimeSpan Patience = TestOperator.Patience;
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
        provider.AllowInteractive(refreshTokens: null, redirectUri.OriginalString);
        folder.CreateFolder("manifests");
        File.WriteAllText(folder["manifests", "all.yaml"], $$"""
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
            ---
            apiVersion: visma-operator.io/v1
            kind: VismaConnection
            metadata: {name: acme, namespace: here}
            spec:
              oauthClientRef: {name: acme}
              tenantID: {{Some.Tenant}}
              grant: AuthorizationCode
              scopes: [vismanet_erp_interactive_api:read]
            """);
    }

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
    public async Task A_consent_that_gives_no_grant_is_told_with_the_reason()
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
    public async Task A_state_directory_without_the_connection_is_told_with_the_remedy()
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
        return await run.RunAsync(new NamespacedName("here", "acme"), stop ?? Ct).WaitAsync(Patience, Ct);
    }

    private Task<bool> OnceAsync() => Mode(LocalRun.Settled).RunAsync(Ct).WaitAsync(Patience, Ct);

    private RunningLocal Start()
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        return new RunningLocal(stop, Mode(LocalRun.Stopped).RunAsync(stop.Token));
    }

    private LocalMode Mode(LocalRun until) => new(
        new LocalOptions
        {
            Manifests = [folder["manifests"]],
            Output = folder["out"],
            State = folder["state"],
            Until = until,
            AllowLists = AllowLists,
            Logs = new LogOptions { Format = LogFormat.Text, Level = LogLevel.Critical },
        },
        output,
        TimeProvider.System);

    // A verb that ended has left no code and will leave none: what it ended with is what went wrong.
    private async Task UntilLeftAsync(Task<ConsentResult> connecting)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!Codes.Any())
        {
            Assert.False(connecting.IsCompleted, connecting.IsCompletedSuccessfully ? $"{await connecting}" : $"{connecting.Exception}");
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }

    private sealed class RunningLocal(CancellationTokenSource stop, Task running) : IAsyncDisposable
    {
        public async Task StopAsync()
        {
            await stop.CancelAsync();
            await running.WaitAsync(Patience);
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            stop.Dispose();
        }
    }
}
