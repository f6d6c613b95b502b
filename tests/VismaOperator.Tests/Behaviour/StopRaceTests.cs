using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using Kubernetes.InMemory;
using Lifecycle;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Clients;
using VismaOperator.Connections;
using VismaOperator.Publishing;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// A stop that comes while a token request gets its turn: either nothing is sent, or what is sent is waited for. Both orders are made to
/// happen, step by step.
/// </summary>
public sealed class StopRaceTests : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    public void Dispose() => stop.Dispose();

    [Fact]
    public async Task A_stop_in_the_middle_of_getting_the_turn_ends_no_request_that_has_begun()
    {
        var endpoint = new Endpoint();
        // Asked once before the wait, and once when the turn has come.
        var leadership = new Leadership(asked =>
        {
            if (asked == 2)
            {
                stop.Cancel();
            }
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RefreshAsync(endpoint, leadership));

        Assert.Equal((0, 0), (endpoint.Begun, endpoint.CutOff));
    }

    [Fact]
    public async Task A_request_whose_turn_comes_after_the_stop_is_not_sent_and_is_no_failure()
    {
        var endpoint = new Endpoint { BeforeTurn = stop.Cancel };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RefreshAsync(endpoint, new Leadership(_ => { })));

        Assert.Equal((0, 0), (endpoint.Begun, endpoint.CutOff));
    }

    [Fact]
    public async Task A_wait_that_ends_while_the_turn_comes_ends_no_request_that_has_begun()
    {
        var endpoint = new Endpoint();
        var leadership = new Leadership(asked => time.Advance(asked == 2 ? TimeSpan.FromMinutes(1) : TimeSpan.Zero));

        var facts = await RefreshAsync(endpoint, leadership);

        Assert.Equal("ProviderUnavailable", facts.Failure?.Reason);
        Assert.Equal((0, 0), (endpoint.Begun, endpoint.CutOff));
    }

    [Fact]
    public async Task A_stop_after_the_turn_has_come_waits_for_the_answer()
    {
        var endpoint = new Endpoint { AfterTurn = stop.Cancel };

        var facts = await RefreshAsync(endpoint, new Leadership(_ => { }));

        Assert.Equal((true, null), (facts.Secret is SecretFacts.Owned, facts.Failure));
        Assert.Equal((1, 0), (endpoint.Begun, endpoint.CutOff));
    }

    private async Task<Facts> RefreshAsync(Endpoint endpoint, ILeadership leadership)
    {
        var cluster = new InMemoryCluster(time);
        var connection = await cluster.CreateAsync(Some.VismaConnection(), TestContext.Current.CancellationToken);
        var (tracker, client) = (new ClientSecretTracker(time), Client());
        tracker.Follow(client);
        var source = new ClientTokenSource(
            endpoint,
            tracker,
            new ClockWatch(NullLogger.Instance),
            new ProviderMetrics(new UnreadMeters(), [], time),
            new TokenAudit(NullLogger.Instance)
        );
        var publisher = new SecretPublisher(cluster, new Store<SecretMetadata>(), time);
        var endpoints = new ProviderEndpoints(new NoMetadata());
        var facts = new Facts
        {
            Connection = ConnectionFactsReader.Read(connection, new AllowLists(), isNamespaceTerminating: false),
            Client = new ClientFacts.Usable(client.Inputs, client.Revision),
            Secret = new SecretFacts.Absent(),
        };
        var (metrics, log) = (new ConnectionMetrics(new UnreadMeters(), () => []), new ConnectionLog(NullLogger.Instance));
        var refresher = new TokenRefresher(source, endpoints, publisher, leadership, time, () => 0.5, metrics, log);
        var state = new ReconcileState(connection, new Observation(facts, client, Grant: null));
        return await refresher.RefreshAsync(RefreshCause.First, state, facts, stop.Token);
    }

    private static ResolvedClient Client() =>
        new()
        {
            Name = new NamespacedName(Some.Namespace, Some.Client),
            Issuer = new Uri("https://connect.visma.com"),
            TokenEndpoint = new Uri("https://connect.visma.com/connect/token"),
            ClientId = Some.ClientId,
            Method = ClientAuthenticationMethod.ClientSecretPost,
            Credentials =
            [
                new Credential(
                    new SecretKeyReference { Name = "acme-credentials", Key = "clientSecret" },
                    "1",
                    Sensitive.From(Some.ClientSecret),
                    ExpirationTime: null
                ),
            ],
        };

    /// <summary>Sends at once when the turn has come, unless that is refused.</summary>
    private sealed class Endpoint : ITokenEndpoint
    {
        public Action BeforeTurn { get; init; } = () => { };

        public Action AfterTurn { get; init; } = () => { };

        public int Begun { get; private set; }

        public int CutOff { get; private set; }

        public Task<TokenOutcome> RequestAsync(
            Uri endpoint,
            ClientCredentials client,
            TokenRequest request,
            CancellationToken cancellationToken
        )
        {
            BeforeTurn();
            request.TurnCame!();
            Begun++;
            AfterTurn();
            CutOff += cancellationToken.IsCancellationRequested ? 1 : 0;
            cancellationToken.ThrowIfCancellationRequested();
            var tokens = new TokenSet(
                Sensitive.From("t"),
                "Bearer",
                TimeSpan.FromHours(1),
                GrantedScopes: null,
                RefreshToken: null,
                RefreshTokenLifetime: null
            );
            return Task.FromResult<TokenOutcome>(new TokenOutcome.Granted(tokens));
        }
    }

    /// <summary>Leads, and tells how often it was asked.</summary>
    private sealed class Leadership(Action<int> onAsked) : ILeadership
    {
        private int asked;

        public TimeSpan Remaining => TimeSpan.MaxValue;

        public void EnsureLeader() => onAsked(++asked);

        public Task WaitUntilLeaderAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class NoMetadata : IServerMetadataEndpoint
    {
        public Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("The client names its endpoint.");
    }
}
