using Kubernetes.Client;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Time.Testing;
using OAuth;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Behaviour.PendingGrantTests;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// One replica exchanges a token and is cut off with its successor in memory. Another one takes over, sends the same token once more, and
/// records that the provider refused it. Then the first one comes back.
/// </summary>
public sealed class GivenUpGrantTests
{
    private const string GrantSecretName = Some.Connection + AuthorizationSpec.GrantSecretSuffix;

    private static readonly NamespacedName name = new(Some.Namespace, Some.Connection);
    private static readonly DateTimeOffset noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly HeldGrant refused = Held("family", "spent") with { RefusalTime = noon };

    private readonly FakeTimeProvider time = new();
    private readonly FaultyCluster cluster;
    private readonly Revocations revocations = new();

    public GivenUpGrantTests() => cluster = new FaultyCluster(time);

    // What stands in the Secret when it is back; what becomes of the successor; which token the Secret holds then; which one is revoked.
    [Theory]
    [InlineData("the refused token", nameof(StoreResult.Stored), "next", "")]
    [InlineData("the refused token, about to be tried once more", nameof(StoreResult.Pending), "spent", "")]
    [InlineData("the refused token and an intent for another one", nameof(StoreResult.Dropped), "spent", "")]
    [InlineData("the token, neither refused nor about to be sent", nameof(StoreResult.Dropped), "spent", "")]
    [InlineData("another token of the family, refused", nameof(StoreResult.Dropped), "later", "")]
    [InlineData("the successor itself, refused", nameof(StoreResult.Stored), "next", "")]
    [InlineData("the refused token of another consent", nameof(StoreResult.Dropped), "spent", "next")]
    [InlineData("a consent that replaced it", nameof(StoreResult.Dropped), "consent", "next")]
    [InlineData("the refused token, given to another client", nameof(StoreResult.Dropped), "spent", "")]
    [InlineData("the refused token of another issuer", nameof(StoreResult.Dropped), "spent", "")]
    [InlineData("the refused token, about to be revoked", nameof(StoreResult.Dropped), "spent", "next")]
    [InlineData("nothing", nameof(StoreResult.Dropped), null, "next")]
    public async Task The_successor_is_stored_over_the_refusal_of_its_own_token_and_over_nothing_else(
        string found,
        string outcome,
        string? held,
        string revoked
    )
    {
        var (replica, grant, open) = await CutOffAsync();
        await StoreAsync(open, Document(found));

        var result = await replica.StoreAsync(grant, new CancellationToken(canceled: true));

        var stored = await ReadAsync();
        Assert.Equal(
            (outcome, held, revoked),
            (result.GetType().Name, stored.Document.Held?.RefreshToken.Reveal(), string.Join(' ', revocations.Revoked))
        );
        Assert.Equal(result is StoreResult.Pending, replica.Connections.Count == 1);
    }

    [Fact]
    public async Task What_is_stored_over_a_refusal_is_no_refused_grant_and_no_open_exchange()
    {
        var (replica, grant, open) = await CutOffAsync();
        await StoreAsync(open, Document("the refused token") with { DeletionPolicy = GrantDeletionPolicy.Retain });

        await replica.StoreAsync(grant, new CancellationToken(canceled: true));

        var stored = (await ReadAsync()).Document;
        Assert.Null(stored.Held!.RefusalTime);
        Assert.Null(stored.Intent);
        Assert.Equal(GrantDeletionPolicy.Retain, stored.DeletionPolicy);
    }

    [Fact]
    public async Task A_consent_that_is_stored_at_the_same_moment_is_not_overwritten()
    {
        var (replica, grant, open) = await CutOffAsync();
        var given = await StoreAsync(open, Document("the refused token"));
        var writes = 0;
        cluster.Before = (verb, _, _) =>
            // The first write, over what the replica knew, is refused in any case.
            verb == ClusterVerb.Update && ++writes == 2 ? StoreAsync(given, Document("a consent that replaced it")) : Task.CompletedTask;

        var result = await replica.StoreAsync(grant, new CancellationToken(canceled: true));

        Assert.IsType<StoreResult.Dropped>(result);
        Assert.Equal("consent", (await ReadAsync()).Document.Held!.RefreshToken.Reveal());
        Assert.Equal(["next"], revocations.Revoked);
    }

    [Fact]
    public async Task One_more_try_of_the_refused_token_that_is_refused_too_leaves_the_successor_its_place()
    {
        var (replica, grant, open) = await CutOffAsync();
        var trying = await StoreAsync(open, Document("the refused token, about to be tried once more"));
        var meanwhile = await replica.StoreAsync(grant, new CancellationToken(canceled: true));
        await StoreAsync(trying, Document("the refused token"));

        var after = await replica.StoreAsync(grant, new CancellationToken(canceled: true));

        Assert.IsType<StoreResult.Pending>(meanwhile);
        Assert.Equal("next", Assert.IsType<StoreResult.Stored>(after).Snapshot.Document.Held!.RefreshToken.Reveal());
    }

    [Fact]
    public async Task A_grant_whose_provider_only_refuses_a_second_use_lives_on_without_a_consent()
    {
        await using var test = await StartConsentedAsync(
            new StandInRefreshTokens { Usage = RefreshTokenUsage.OneTime, RevokesFamilyOnReuse = false }
        );
        var comeBack = await GiveUpAsync(test);

        await comeBack();
        await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Is("Authorized", "True") && found.Condition("Stalled") is null
        );
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));

        var (connection, family) = (await test.ConnectionAsync(), await test.FamilyAsync());
        Assert.True(connection.Is("Ready", "True") && connection.Is("TokenFresh", "True") && connection.Is("Authorized", "True"));
        // The successor was tried soon, so that nobody believes for long in a grant that is dead.
        Assert.Equal((3, 1), (family.LiveGeneration, family.SpendsOfConsumed));
        Assert.Single(test.Provider.Grants.Families);
        await test.AdvanceAsync(TimeSpan.FromHours(3), TimeSpan.FromMinutes(5));
        Assert.Equal(1, (await test.FamilyAsync()).SpendsOfConsumed);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task One_more_try_that_gets_no_clear_answer_leaves_the_successor_its_place()
    {
        await using var test = await StartConsentedAsync(
            new StandInRefreshTokens { Usage = RefreshTokenUsage.OneTime, RevokesFamilyOnReuse = false }
        );
        var comeBack = await GiveUpAsync(test);
        test.Provider.Faults.Next(Fault.ServerError(503));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "once more");
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));

        var tried = (await test.GrantAsync())!;
        await comeBack();
        await test.UntilIdleAsync();

        Assert.NotNull(tried.Held!.RefusalTime);
        Assert.Null(tried.Intent);
        Assert.True((await test.ConnectionAsync()).Is("Authorized", "True"));
        Assert.Null((await test.GrantAsync())!.Held!.RefusalTime);
    }

    [Fact]
    public async Task A_grant_whose_provider_revokes_all_of_it_is_refused_again_and_then_left_alone()
    {
        await using var test = await StartConsentedAsync(new StandInRefreshTokens { Usage = RefreshTokenUsage.OneTime });
        var comeBack = await GiveUpAsync(test);

        await comeBack();
        await test.UntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));
        var stalled = await test.UntilStalledAsync("ConsentRequired");
        var (requests, held) = (test.TokenRequests, (await test.GrantAsync())!.Held!);
        await test.AdvanceAsync(TimeSpan.FromHours(3), TimeSpan.FromMinutes(10));

        Assert.True(stalled.Is("Authorized", "False"));
        Assert.NotNull(held.RefusalTime);
        Assert.Equal(2, held.Sequence);
        Assert.Equal(requests, test.TokenRequests);

        await test.HandOverAsync();
        await test.UntilReadyAsync();
    }

    // Up to the moment at which a person is asked for. The first replica comes back when told.
    private static async Task<Func<Task>> GiveUpAsync(TestOperator test)
    {
        var writes = 0;
        test.Cluster.Before = (verb, _, secret) =>
            verb == ClusterVerb.Update && secret.Name == GrantSecretName && Interlocked.Increment(ref writes) > 1 // the first is the intent
                ? throw new HttpRequestException("away")
                : Task.CompletedTask;
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.Logs.SaidAsync("waits in memory").WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        var (losing, flush) = test.LoseLease();
        await test.PassUntilAsync(losing);
        test.Cluster.Before = null;

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));
        var stalled = await test.UntilStalledAsync("ConsentRequired");
        Assert.True(stalled.Is("Authorized", "False"));
        Assert.Equal(1, (await test.FamilyAsync()).SpendsOfConsumed);
        Assert.NotNull((await test.GrantAsync())!.Held!.RefusalTime);
        return flush;
    }

    private static GrantDocument Document(string found) => found switch
    {
        "the refused token" => new GrantDocument { Held = refused },
        "the refused token, about to be tried once more" => new GrantDocument { Held = refused, Intent = Intent("theirs", "spent") },
        "the refused token and an intent for another one" => new GrantDocument { Held = refused, Intent = Intent("theirs", "another") },
        "the token, neither refused nor about to be sent" => new GrantDocument { Held = refused with { RefusalTime = null } },
        "another token of the family, refused" => new GrantDocument
        {
            Held = Held("family", "later") with { RefusalTime = noon, Sequence = 3 },
        },
        "the successor itself, refused" => new GrantDocument { Held = Held("family", "next") with { RefusalTime = noon, Sequence = 2 } },
        "the refused token of another consent" => new GrantDocument { Held = refused with { Family = "another" } },
        "a consent that replaced it" => new GrantDocument { Held = Held("new", "consent") with { Replaced = ["family"] } },
        "the refused token, given to another client" => new GrantDocument
        {
            Held = refused with { Binding = refused.Binding with { ClientId = "another" } },
        },
        "the refused token of another issuer" => new GrantDocument
        {
            Held = refused with { Binding = refused.Binding with { Issuer = "https://other.example.com" } },
        },
        "the refused token, about to be revoked" => new GrantDocument { Held = refused, RevocationTime = noon },
        "nothing" => GrantDocument.Empty,
        _ => throw new InvalidOperationException($"No such document: {found}."),
    };

    private static ExchangeIntent Intent(string id, string token) => new(id, Unguessable.HashOf(Sensitive.From(token)), noon);

    // The replica, what it holds, and the Secret as it left it.
    private async Task<(PendingGrantWrites Replica, PendingGrant Grant, GrantSnapshot Open)> CutOffAsync()
    {
        var opened = new GrantDocument { Held = Held("family", "spent"), Intent = Intent("ours", "spent") };
        var open = await StoreAsync(await ReadAsync(), opened);
        var replica = new PendingGrantWrites(
            new GrantStore(cluster),
            revocations.Revoker(Client, time),
            _ => false,
            time,
            new GrantLog(new CapturedLogs().CreateLogger("grants"))
        );
        return (replica, Of(Held("family", "next") with { Sequence = 2 }, "ours") with { Open = open }, open);
    }

    private Task<GrantSnapshot> StoreAsync(GrantSnapshot over, GrantDocument document) =>
        new GrantStore(cluster).WriteAsync(over, document, TestContext.Current.CancellationToken);

    private async Task<GrantSnapshot> ReadAsync() =>
        ((GrantRead.Found)await new GrantStore(cluster).ReadAsync(name, TestContext.Current.CancellationToken)).Snapshot;
}
