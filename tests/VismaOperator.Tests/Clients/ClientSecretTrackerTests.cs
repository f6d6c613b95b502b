using Kubernetes.Client;
using Microsoft.Extensions.Time.Testing;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Tests.Clients;

/// <summary>What is remembered of a client's secrets, and what is not.</summary>
public sealed class ClientSecretTrackerTests
{
    private readonly NamespacedName first = new("integrations", "first");
    private readonly NamespacedName second = new("integrations", "second");
    private readonly FakeTimeProvider time = new();
    private readonly ClientSecretTracker tracker;

    public ClientSecretTrackerTests() => tracker = new ClientSecretTracker(time);

    [Fact]
    public void A_refusal_binds_the_secrets_that_were_refused()
    {
        var client = Client("1");
        tracker.Follow(client);

        tracker.AllRefused(client, client.Credentials, tracker.SnapshotOf(client), description: null);

        Assert.NotNull(tracker.SnapshotOf(client).RetryAt);
    }

    [Fact]
    public void A_refusal_of_earlier_secrets_that_comes_late_takes_nothing_from_the_new_ones()
    {
        var (earlier, present) = (Client("1"), Client("2"));
        tracker.Follow(earlier);
        var seen = tracker.SnapshotOf(earlier);
        tracker.Follow(present);
        tracker.AllRefused(present, present.Credentials, tracker.SnapshotOf(present), description: null);
        var known = tracker.SnapshotOf(present);

        tracker.AllRefused(earlier, earlier.Credentials, seen, description: null);

        Assert.Equivalent(known, tracker.SnapshotOf(present), strict: true);
    }

    [Fact]
    public void An_answer_for_a_deleted_client_is_reported_to_nobody()
    {
        var client = Client("1");
        var told = 0;
        tracker.Changed += _ => told++;
        tracker.Follow(client);
        tracker.Forget(client.Name);

        tracker.Accepted(client, client.Credentials[0], refused: []);

        Assert.Equal(0, told);
    }

    [Fact]
    public void A_late_look_at_earlier_secrets_takes_nothing_from_the_new_ones_and_makes_no_second_trial()
    {
        var (earlier, present) = (Client("1"), Client("2"));
        tracker.Follow(earlier);
        tracker.Accepted(earlier, earlier.Credentials[0], refused: []);
        tracker.Follow(present);
        Assert.NotNull(tracker.ClaimTrial(present));
        tracker.Accepted(present, present.Credentials[0], refused: []);
        tracker.ReleaseTrial(present, refused: []);
        var known = tracker.SnapshotOf(present);

        _ = tracker.SnapshotOf(earlier);
        _ = tracker.OrderToTry(earlier);
        _ = tracker.SnapshotOf(earlier).Trials;
        Assert.False(tracker.IsAppointed(earlier, first));
        Assert.Null(tracker.ClaimTrial(earlier));

        Assert.Equivalent(known, tracker.SnapshotOf(present), strict: true);
        Assert.Equal(SecretTrial.Accepted, Assert.Single(tracker.SnapshotOf(present).Trials).Trial);
        Assert.Null(tracker.ClaimTrial(present));
    }

    [Fact]
    public void A_connection_that_does_not_try_in_time_gives_way_and_its_turn_comes_again()
    {
        var client = Changed();

        Assert.Equal(first, tracker.Arrange(client, [first, second])!.Appointed);
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(first, tracker.Arrange(client, [first, second])!.Appointed);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(second, tracker.Arrange(client, [first, second])!.Appointed);
        Assert.False(tracker.IsAppointed(client, first));
        time.Advance(TimeSpan.FromSeconds(30));
        var round = tracker.Arrange(client, [first, second])!;

        Assert.Equal((first, false), (round.Appointed, round.IsPossible));
    }

    [Fact]
    public void A_connection_that_has_tried_without_an_outcome_is_left_to_its_own_backoff()
    {
        var client = Changed();
        _ = tracker.Arrange(client, [first, second]);
        Assert.NotNull(tracker.ClaimTrial(client));
        tracker.ReleaseTrial(client, refused: []);

        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(tracker.Arrange(client, [second, first])!.Appointed);
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(second, tracker.Arrange(client, [second, first])!.Appointed);
    }

    [Fact]
    public void Nobody_is_appointed_where_nobody_can()
    {
        var client = Changed();

        var arrangement = tracker.Arrange(client, [])!;

        Assert.Equal((null, false), (arrangement.Appointed, arrangement.IsPossible));
        Assert.Equal(time.GetUtcNow() + TimeSpan.FromSeconds(30), arrangement.NextLook);
    }

    // A client whose secret was accepted and then changed.
    private ResolvedClient Changed()
    {
        tracker.Follow(Client("1"));
        tracker.Accepted(Client("1"), Client("1").Credentials[0], refused: []);
        var client = Client("2");
        tracker.Follow(client);
        return client;
    }

    private static ResolvedClient Client(string version) =>
        new()
        {
            Name = new NamespacedName("integrations", "acme"),
            Issuer = new Uri("https://connect.visma.com"),
            ClientId = "isv_acme",
            Method = ClientAuthenticationMethod.ClientSecretPost,
            Credentials =
            [
                new Credential(
                    new SecretKeyReference { Name = "acme-credentials", Key = "clientSecret" },
                    version,
                    Sensitive.From("s"),
                    ExpirationTime: null
                ),
            ],
        };
}
