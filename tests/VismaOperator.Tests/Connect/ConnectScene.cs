using System.Net;
using System.Security.Cryptography;
using Kubernetes.Client;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Cli.Connect;
using VismaOperator.Clients;
using VismaOperator.Hosting;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Connect;

/// <summary>An operator with an interactive connection that waits for a consent, and the verb that brings it.</summary>
internal sealed class ConnectScene : IAsyncDisposable
{
    private readonly StringWriter output = new();
    private readonly OAuthEndpoints oauth;

    private ConnectScene(TestOperator test)
    {
        Operator = test;
        Clock = new OperatorsClock(test.Time);
        oauth = new OAuthEndpoints(test.AllowLists, TimeProvider.System);
        Options = new ConnectOptions
        {
            Name = Some.Connection,
            RedirectUri = ConnectOptions.DefaultRedirectUri(FreePort.Take()),
            AllowLists = test.AllowLists,
        };
        Source = new ClusterSource(test.Cluster, "https://cluster.example", test.Time);
    }

    public TestOperator Operator { get; }

    public VismaConnectStandIn Provider => Operator.Provider;

    public IConnectionSource Source { get; set; }

    public ConnectOptions Options { get; set; }

    public TimeProvider Clock { get; set; }

    /// <summary>Loopback for names that the person mapped; no name is looked up for real.</summary>
    public Func<string, IPAddress[]> Hosts { get; set; } = _ => [];

    public string Output => output.ToString();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<ConnectScene> OpenAsync(
        Func<OAuthClient, OAuthClient>? client = null,
        Func<VismaConnection, VismaConnection>? connection = null
    )
    {
        var test = await TestOperator.StartAsync();
        var scene = new ConnectScene(test);
        scene.Register();
        test.Provider.Portal.Set(new StandInUser(Person.Ola, Person.OlasSubject) { Tenants = [Some.Tenant] });
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync((client ?? (same => same))(test.Client()));
        await test.ApplyAsync((connection ?? (same => same))(SomeConsents.InteractiveConnection()));
        return scene;
    }

    /// <summary>Registers the redirect URI of the options in the portal.</summary>
    public void Register() => Provider.AllowInteractive(refreshTokens: null, Options.RedirectUri.OriginalString);

    public Task<ConsentResult> ConnectAsync(IBrowser browser, CancellationToken? stop = null)
    {
        var tools = new ConnectTools
        {
            Source = Source,
            Endpoints = new ProviderEndpoints(oauth.Metadata),
            Browser = browser,
            Resolve = (host, _) => Task.FromResult(Hosts(host)),
            RandomBytes = RandomNumberGenerator.GetBytes,
            Time = Clock,
            Output = output,
        };
        return new ConnectRun(Options, tools)
            .RunAsync(new NamespacedName(Some.Namespace, Options.Name), stop ?? Ct)
            .WaitAsync(TestOperator.Patience, Ct);
    }

    /// <summary>Waits until the verb has said something.</summary>
    public async Task SaidAsync(string text)
    {
        using var patience = new CancellationTokenSource(TestOperator.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!Said(text))
        {
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }

    private bool Said(string text)
    {
        lock (output)
        {
            return Output.Contains(text, StringComparison.Ordinal);
        }
    }

    /// <summary>The message with which the verb ends before anybody is sent anywhere.</summary>
    public async Task<string> RefusalAsync()
    {
        using var person = Person.WhoDoesNothing();
        var failure = await Assert.ThrowsAsync<ConnectException>(() => ConnectAsync(person));
        Assert.False(person.Sent.IsCompleted);
        return failure.Message;
    }

    public async ValueTask DisposeAsync()
    {
        oauth.Dispose();
        Assert.All(Provider.Ledger.AllSecretsIssued(), secret => Assert.DoesNotContain(secret, Output, StringComparison.Ordinal));
        await Operator.DisposeAsync();
    }
}
