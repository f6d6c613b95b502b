using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OAuth;
using VismaOperator.Clients;
using VismaOperator.Grants;
using static VismaOperator.Tests.Behaviour.PendingGrantTests;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// A grant that a consent replaces is revoked once, although the answer to the write of that consent is lost and another consent comes
/// before it is known what became of it. The two consents are stored by two replicas.
/// </summary>
public sealed class ReplacedGrantTests
{
    private readonly FakeTimeProvider time = new();
    private readonly FaultyCluster cluster;
    private readonly Revocations revocations = new();
    private readonly PendingGrantWrites one;
    private readonly PendingGrantWrites other;

    public ReplacedGrantTests()
    {
        cluster = new FaultyCluster(time);
        (one, other) = (Replica(), Replica());
    }

    [Fact]
    public async Task By_a_write_that_arrived_without_its_answer_and_a_consent_that_replaced_it()
    {
        await StoreAsync<StoreResult.Stored>(one, Consent("former"));
        cluster.After = (verb, _, _) => verb == ClusterVerb.Get ? Task.CompletedTask : throw new IOException("cut");
        await StoreAsync<StoreResult.Pending>(one, Consent("lost", over: "former"));
        cluster.After = null;
        await StoreAsync<StoreResult.Stored>(other, Consent("between", over: "lost"));

        await StoreAsync<StoreResult.Dropped>(one, Consent("lost", over: "former"));

        Assert.Equal(["lost", "former"], revocations.Revoked);
    }

    [Fact]
    public async Task By_a_write_that_arrived_without_its_answer_and_two_consents_after_it()
    {
        await StoreAsync<StoreResult.Stored>(one, Consent("former"));
        cluster.After = (verb, _, _) => verb == ClusterVerb.Get ? Task.CompletedTask : throw new IOException("cut");
        await StoreAsync<StoreResult.Pending>(one, Consent("lost", over: "former"));
        cluster.After = null;
        await StoreAsync<StoreResult.Stored>(other, Consent("between", over: "lost"));
        await StoreAsync<StoreResult.Stored>(other, Consent("last", over: "between"));

        await StoreAsync<StoreResult.Dropped>(one, Consent("lost", over: "former"));

        Assert.Equal(["lost", "between", "former"], revocations.Revoked);
    }

    [Fact]
    public async Task By_a_consent_that_came_between_when_the_write_never_arrived()
    {
        await StoreAsync<StoreResult.Stored>(one, Consent("former"));
        cluster.Before = (verb, _, _) => verb == ClusterVerb.Get ? Task.CompletedTask : throw new IOException("cut");
        await StoreAsync<StoreResult.Pending>(one, Consent("lost", over: "former"));
        cluster.Before = null;
        await StoreAsync<StoreResult.Stored>(other, Consent("between", over: "former"));

        await StoreAsync<StoreResult.Dropped>(one, Consent("lost", over: "former"));

        Assert.Equal(["former", "lost"], revocations.Revoked);
    }

    [Fact]
    public async Task By_a_write_that_arrived_without_its_answer_and_was_found_stored()
    {
        await StoreAsync<StoreResult.Stored>(one, Consent("former"));
        cluster.After = (verb, _, _) => verb == ClusterVerb.Get ? Task.CompletedTask : throw new IOException("cut");
        await StoreAsync<StoreResult.Pending>(one, Consent("lost", over: "former"));
        cluster.After = null;

        await StoreAsync<StoreResult.Stored>(one, Consent("lost", over: "former"));

        Assert.Equal(["former"], revocations.Revoked);
    }

    [Fact]
    public async Task Only_the_last_few_of_many_consents_are_remembered()
    {
        await StoreAsync<StoreResult.Stored>(one, Consent("0"));
        for (var number = 1; number <= 20; number++)
        {
            await StoreAsync<StoreResult.Stored>(one, Consent($"{number}", over: $"{number - 1}"));
        }

        var stored = Assert.IsType<StoreResult.Stored>(await one.StoreAsync(Consent("20"), CancellationToken.None));

        Assert.Equal(["19", "18", "17", "16", "15", "14", "13", "12"], stored.Snapshot.Document.Held!.Replaced);
    }

    private PendingGrantWrites Replica()
    {
        var tracker = new ClientSecretTracker(time);
        tracker.Follow(Client);
        var revoker = new GrantRevoker(revocations, new ProviderEndpoints(new NoMetadata()), tracker, time);
        return new PendingGrantWrites(new GrantStore(cluster), revoker, _ => false, time, new GrantLog(NullLogger.Instance));
    }

    private static PendingGrant Consent(string family, string? over = null) =>
        Of(Held(family, family)) with
        {
            Replaces = over is null ? null : new FormerGrant(over, IsOurs: true),
        };

    // One try only: what cannot be stored at once is pending.
    private static async Task StoreAsync<TResult>(PendingGrantWrites replica, PendingGrant consent)
        where TResult : StoreResult =>
        Assert.IsType<TResult>(await replica.StoreAsync(consent, new CancellationToken(canceled: true)));

    private sealed class Revocations : IRevocationEndpoint
    {
        public List<string> Revoked { get; } = [];

        public Task<RevocationOutcome> RevokeAsync(
            Uri endpoint,
            ClientCredentials client,
            Sensitive token,
            CancellationToken cancellationToken
        )
        {
            Revoked.Add(token.Reveal());
            return Task.FromResult<RevocationOutcome>(new RevocationOutcome.Revoked());
        }
    }

    private sealed class NoMetadata : IServerMetadataEndpoint
    {
        public Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("The client names its endpoint.");
    }
}
