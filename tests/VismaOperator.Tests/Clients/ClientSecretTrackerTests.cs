using Kubernetes.Client;
using Microsoft.Extensions.Time.Testing;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Tests.Clients;

/// <summary>What is remembered of a client's secrets, and what is not.</summary>
public sealed class ClientSecretTrackerTests
{
    private readonly ClientSecretTracker book = new(new FakeTimeProvider());

    [Fact]
    public void A_refusal_binds_the_secrets_that_were_refused()
    {
        var client = Client("1");
        _ = book.OrderToTry(client);

        book.AllRefused(client, client.Credentials, book.SnapshotOf(client), description: null);

        Assert.NotNull(book.SnapshotOf(client).RetryAt);
    }

    [Fact]
    public void A_refusal_of_earlier_secrets_that_comes_late_takes_nothing_from_the_new_ones()
    {
        var (earlier, present) = (Client("1"), Client("2"));
        var seen = book.SnapshotOf(earlier);
        _ = book.OrderToTry(present);
        book.AllRefused(present, present.Credentials, book.SnapshotOf(present), description: null);
        var known = book.SnapshotOf(present);

        book.AllRefused(earlier, earlier.Credentials, seen, description: null);

        Assert.Equal(known, book.SnapshotOf(present));
    }

    [Fact]
    public void An_answer_for_a_client_that_went_is_told_to_nobody()
    {
        var client = Client("1");
        var told = 0;
        book.Changed += _ => told++;
        _ = book.OrderToTry(client);
        book.Forget(client.Name);

        book.Accepted(client, client.Credentials[0]);

        Assert.Equal(0, told);
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
