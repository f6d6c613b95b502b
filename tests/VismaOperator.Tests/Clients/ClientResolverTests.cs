using System.Threading.Channels;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.InMemory;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Clients;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Clients;

/// <summary>A client is looked at with each of its connections: thousands of times at a restart.</summary>
public sealed class ClientResolverTests : IAsyncLifetime
{
    private const string Issuer = "https://connect.example.com";

    private readonly FakeTimeProvider time = new();
    private readonly ClientSecretTracker tracker;
    private readonly WatchSet<Secret> secrets;
    private readonly ClientResolver resolver;
    private readonly OAuthClient client = Some.OAuthClient(Issuer);
    private readonly InMemoryCluster cluster;
    private readonly CancellationTokenSource stop = new();
    private readonly Channel<NamespacedName> changes = Channel.CreateUnbounded<NamespacedName>();
    private Task watching = Task.CompletedTask;

    public ClientResolverTests()
    {
        var clients = new Store<OAuthClient>();
        tracker = new ClientSecretTracker(time);
        cluster = new InMemoryCluster(time);
        secrets = new WatchSet<Secret>(cluster, time, NullLogger.Instance, () => 0);
        secrets.Subscribe(name => changes.Writer.TryWrite(name));
        secrets.Follow(CredentialReader.ReferencesOf(client).ToHashSet());
        resolver = new ClientResolver(
            clients,
            new CredentialReader(secrets, new CredentialRevisions()),
            tracker,
            new WatchedNamespaces(new Store<Namespace>()),
            new AllowLists { AllowedIssuers = [Issuer] },
            new RequestTurns(new Store<VismaConnection>(), time),
            time
        );
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        watching = secrets.RunAsync(stop.Token);
        await changes.Reader.ReadAsync(Ct); // the Secret is not there
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await watching;
        stop.Dispose();
    }

    [Fact]
    public async Task It_is_resolved_once_while_neither_it_nor_a_secret_changes()
    {
        await SeeAsync("first");

        Assert.Same(Describe().Credentials, Describe().Credentials);
    }

    [Fact]
    public async Task A_secret_that_changed_or_came_is_read_at_the_next_look()
    {
        Assert.Null(resolver.Describe(client).Usable);
        await SeeAsync("first");
        var before = Describe();
        await SeeAsync("second");

        Assert.Equal(
            ("first", "second"),
            (Assert.Single(before.Credentials).Value.Reveal(), Assert.Single(Describe().Credentials).Value.Reveal())
        );
    }

    [Fact]
    public async Task A_secret_that_is_gone_is_not_used_any_more()
    {
        await SeeAsync("first");
        _ = Describe();

        await cluster.DeleteAsync<Secret>(Some.Credentials().Metadata.NamespacedName, preconditions: null, Ct);
        await changes.Reader.ReadAsync(Ct);

        Assert.Null(resolver.Describe(client).Usable);
    }

    [Fact]
    public async Task A_client_that_changed_is_resolved_anew()
    {
        await SeeAsync("first");
        _ = Describe();

        var changed = resolver.Describe(client with { Spec = client.Spec with { ClientId = "another" } }).Usable;

        Assert.Equal("another", changed?.ClientId);
    }

    [Fact]
    public async Task Each_look_keeps_what_was_known_about_the_secrets_at_its_time()
    {
        await SeeAsync("first");
        var before = Describe();
        tracker.AllRefused(before, before.Credentials, before.Seen!, description: null);

        Assert.Null(before.Seen!.RetryAt);
        Assert.NotNull(Describe().Seen!.RetryAt);
    }

    private ResolvedClient Describe() => Assert.IsType<ResolvedClient>(resolver.Describe(client).Usable);

    private async Task SeeAsync(string value)
    {
        var secret = Some.Credentials(value);
        await (
            await cluster.FindAsync<Secret>(secret.Metadata.NamespacedName, Ct) is { } present
                ? cluster.ReplaceAsync(secret with { Metadata = present.Metadata }, Ct)
                : cluster.CreateAsync(secret, Ct)
        );
        await changes.Reader.ReadAsync(Ct);
    }
}
