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
    private readonly ClientSecretTracker book;

    public ClientSecretTrackerTests() => book = new ClientSecretTracker(time);

    [Fact]
    public void A_refusal_binds_the_secrets_that_were_refused()
    {
        var client = Client("1");
        book.Follow(client);

        book.AllRefused(client, client.Credentials, book.SnapshotOf(client), description: null);

        Assert.NotNull(book.SnapshotOf(client).RetryAt);
    }

    [Fact]
    public void A_refusal_of_earlier_secrets_that_comes_late_takes_nothing_from_the_new_ones()
    {
        var (earlier, present) = (Client("1"), Client("2"));
        book.Follow(earlier);
        var seen = book.SnapshotOf(earlier);
        book.Follow(present);
        book.AllRefused(present, present.Credentials, book.SnapshotOf(present), description: null);
        var known = book.SnapshotOf(present);

        book.AllRefused(earlier, earlier.Credentials, seen, description: null);

        Assert.Equivalent(known, book.SnapshotOf(present), strict: true);
    }

    [Fact]
    public void An_answer_for_a_client_that_went_is_told_to_nobody()
    {
        var client = Client("1");
        var told = 0;
        book.Changed += _ => told++;
        book.Follow(client);
        book.Forget(client.Name);

        book.Accepted(client, client.Credentials[0], refused: []);

        Assert.Equal(0, told);
    }

    [Fact]
    public void A_late_look_at_earlier_secrets_takes_nothing_from_the_new_ones_and_makes_no_second_trial()
    {
        var (earlier, present) = (Client("1"), Client("2"));
        book.Follow(earlier);
        book.Accepted(earlier, earlier.Credentials[0], refused: []);
        book.Follow(present);
        Assert.NotNull(book.ClaimTrial(present));
        book.Accepted(present, present.Credentials[0], refused: []);
        book.ReleaseTrial(present, refused: []);
        var known = book.SnapshotOf(present);

        _ = book.SnapshotOf(earlier);
        _ = book.OrderToTry(earlier);
        _ = book.SnapshotOf(earlier).Trials;
        Assert.False(book.IsAppointed(earlier, first));
        Assert.Null(book.ClaimTrial(earlier));

        Assert.Equivalent(known, book.SnapshotOf(present), strict: true);
        Assert.Equal(SecretTrial.Accepted, Assert.Single(book.SnapshotOf(present).Trials).Trial);
        Assert.Null(book.ClaimTrial(present));
    }

    [Fact]
    public void A_connection_that_does_not_try_in_time_gives_way_and_its_turn_comes_again()
    {
        var client = Changed();

        Assert.Equal(first, book.Arrange(client, [first, second])!.Appointed);
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(first, book.Arrange(client, [first, second])!.Appointed);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(second, book.Arrange(client, [first, second])!.Appointed);
        Assert.False(book.IsAppointed(client, first));
        time.Advance(TimeSpan.FromSeconds(30));
        var round = book.Arrange(client, [first, second])!;

        Assert.Equal((first, false), (round.Appointed, round.IsPossible));
    }

    [Fact]
    public void A_connection_that_has_tried_without_an_outcome_is_left_to_its_own_backoff()
    {
        var client = Changed();
        _ = book.Arrange(client, [first, second]);
        Assert.NotNull(book.ClaimTrial(client));
        book.ReleaseTrial(client, refused: []);

        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(book.Arrange(client, [second, first])!.Appointed);
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(second, book.Arrange(client, [second, first])!.Appointed);
    }

    [Fact]
    public void Nobody_is_appointed_where_nobody_can()
    {
        var client = Changed();

        var arrangement = book.Arrange(client, [])!;

        Assert.Equal((null, false), (arrangement.Appointed, arrangement.IsPossible));
        Assert.Equal(time.GetUtcNow() + TimeSpan.FromSeconds(30), arrangement.NextLook);
    }

    // A client whose secret was accepted and then changed.
    private ResolvedClient Changed()
    {
        book.Follow(Client("1"));
        book.Accepted(Client("1"), Client("1").Credentials[0], refused: []);
        var client = Client("2");
        book.Follow(client);
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
