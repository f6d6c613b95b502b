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
public abstract class LocalConnectScene : IAsyncLifetime
{
    private static readonly TimeSpan patience = TestOperator.Patience;
    private protected readonly TemporaryFolder Folder = new();
    private protected readonly StringWriter Output = new();
    private readonly Uri redirectUri = ConnectOptions.DefaultRedirectUri(FreePort.Take());
    private protected VismaConnectStandIn Provider = null!;

    private protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    private AllowLists AllowLists => new() { AllowedIssuers = [Provider.Issuer.OriginalString], AllowInsecureIssuers = true };

    private protected string Token => File.ReadAllText(Folder["out", "here", "acme-token", "access_token"]);

    private protected IEnumerable<string> Codes => InHandoffs("*.json");

    public async ValueTask InitializeAsync()
    {
        Provider = await VismaConnectStandIn.StartAsync(
            new StandInOptions
            {
                Clients = [new StandInClient(Some.ClientId) { Secrets = [new StandInSecret(Some.ClientSecret)] }],
                Tenants = [new StandInTenant(Some.Tenant), new StandInTenant(Some.OtherTenant)],
            },
            Ct
        );
        var oneTime = new StandInRefreshTokens { Usage = RefreshTokenUsage.OneTime, Grace = TimeSpan.FromSeconds(60) };
        Provider.AllowInteractive(oneTime, redirectUri.OriginalString);
        Folder.CreateFolder("manifests");
        File.WriteAllText(Folder["manifests", "client.yaml"], $$"""
            apiVersion: v1
            kind: Secret
            metadata: {name: acme, namespace: here}
            stringData: {clientSecret: {{Some.ClientSecret}}}
            ---
            apiVersion: visma-operator.io/v1
            kind: OAuthClient
            metadata: {name: acme, namespace: here}
            spec:
              issuer: {{Provider.Issuer.OriginalString}}
              clientID: {{Some.ClientId}}
              clientSecrets:
              - secretKeyRef: {name: acme, key: clientSecret}
            """);
        WriteConnection("{name: acme, namespace: here}");
    }

    private protected string Connection => Folder["manifests", "connection.yaml"];

    private protected string GrantFile => Folder["state", "secrets", "here", "acme-visma-grant.json"];

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
            Provider.Ledger.AllSecretsIssued(),
            secret => Assert.DoesNotContain(secret, Output.ToString(), StringComparison.Ordinal)
        );
        await Provider.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task ConsentAsync()
    {
        await OnceAsync();
        var connecting = ConnectAsync();
        await UntilLeftAsync(connecting);
        Assert.True(await OnceAsync());
        Assert.IsType<ConsentResult.Consented>(await connecting);
    }

    private protected void AskForAnother() =>
        WriteConnection("{name: acme, namespace: here, annotations: {visma-operator.io/requestedAt: now}}");

    private protected GrantDocument Kept() =>
        GrantSecret.Read(JsonSerializer.Deserialize(File.ReadAllBytes(GrantFile), Secret.JsonTypeInfo)!);

    // What a process leaves that is killed after it has stored its intent.
    private protected void LeaveIntent()
    {
        var json = JsonNode.Parse(File.ReadAllBytes(GrantFile))!;
        json["data"]![GrantKeys.IntentId] = Convert.ToBase64String("of another process"u8);
        json["data"]![GrantKeys.IntentTokenHash] = Convert.ToBase64String("hash"u8);
        json["data"]![GrantKeys.IntentTime] = Convert.ToBase64String("2026-11-23T12:00:00Z"u8);
        File.WriteAllText(GrantFile, json.ToJsonString());
    }

    private protected static async Task<T> PassingAsync<T>(SettableTime time, Task<T> happening)
    {
        using var limit = new CancellationTokenSource(patience);
        while (!happening.IsCompleted && !limit.IsCancellationRequested)
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            await happening.WaitAsync(TimeSpan.FromMilliseconds(5)).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        return await happening.WaitAsync(TimeSpan.Zero);
    }

    private protected IEnumerable<string> InHandoffs(string pattern) =>
        Directory.Exists(Folder["state", "handoffs"])
            ? Directory.EnumerateFiles(Folder["state", "handoffs"], pattern, SearchOption.AllDirectories)
            : [];

    private protected async Task<ConsentResult> ConnectAsync(string tenant = Some.Tenant, CancellationToken? stop = null)
    {
        using var oauth = new OAuthEndpoints(AllowLists, TimeProvider.System);
        using var person = Person.WhoApproves(Provider, tenant: tenant);
        var tools = new ConnectTools
        {
            Source = StateSource.Open(Folder["state"]),
            Endpoints = new ProviderEndpoints(oauth.Metadata),
            Browser = person,
            Resolve = (_, _) => throw new InvalidOperationException("localhost is not looked up."),
            RandomBytes = RandomNumberGenerator.GetBytes,
            Time = TimeProvider.System,
            Output = Output,
        };
        var run = new ConnectRun(new ConnectOptions { RedirectUri = redirectUri, AllowLists = AllowLists }, tools);
        return await run.RunAsync(new NamespacedName("here", "acme"), stop ?? Ct).WaitAsync(patience, Ct);
    }

    private protected Task<bool> OnceAsync(TimeSpan? timeout = null) =>
        Mode(LocalRun.Settled, timeout).RunAsync(Ct).WaitAsync(patience, Ct);

    private protected RunningLocal Start()
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        return new RunningLocal(stop, Mode(LocalRun.Stopped).RunAsync(stop.Token));
    }

    private protected LocalMode Mode(LocalRun until, TimeSpan? timeout = null, TimeProvider? time = null) => new(
        new LocalOptions
        {
            Manifests = [Folder["manifests"]],
            Output = Folder["out"],
            State = Folder["state"],
            Until = until,
            Timeout = timeout ?? LocalOptions.DefaultTimeout,
            AllowLists = AllowLists,
            Logs = new LogOptions { Format = LogFormat.Text, Level = LogLevel.Critical },
        },
        Output,
        time ?? TimeProvider.System);

    // A verb that ended has left no code and will leave none: what it ended with is what went wrong.
    private protected async Task UntilLeftAsync(Task<ConsentResult> connecting)
    {
        using var limit = new CancellationTokenSource(patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!Codes.Any())
        {
            Assert.False(connecting.IsCompleted, connecting.IsCompletedSuccessfully ? $"{await connecting}" : $"{connecting.Exception}");
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    private protected sealed class RunningLocal(CancellationTokenSource stop, Task running) : IAsyncDisposable
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
