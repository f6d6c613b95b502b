using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>Whoever reads the log only sees when each problem began and when it ended, once, at the level that is on by default.</summary>
public sealed class ProblemLogTests
{
    [Fact]
    public async Task A_missing_Secret_is_reported_once_when_it_begins_and_once_when_it_ends()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(test.Client());
        await test.UntilIdleAsync(); // each kind has a watch of its own: the connection could be seen first, and miss its client
        await test.ApplyAsync(Some.VismaConnection());
        await test.AdvanceAsync(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(20));

        Assert.Single(
            Began(test, "OAuthClient integrations/acme", "SecretNotFound"),
            line => line.Contains("Secret integrations/acme-credentials", StringComparison.Ordinal)
        );
        Assert.Single(
            Began(test, "VismaConnection integrations/acme-production", "SecretNotFound"),
            line => line.Contains("Secret integrations/acme-credentials", StringComparison.Ordinal)
        );
        Assert.Empty(Ended(test));

        await test.ApplyAsync(Some.Credentials());
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        Assert.Equal(
            [
                "OAuthClient integrations/acme no longer has the problem SecretNotFound",
                "VismaConnection integrations/acme-production no longer has the problem SecretNotFound",
            ],
            Ended(test).Order()
        );
    }

    [Fact]
    public async Task A_missing_client_and_an_issuer_that_is_not_allowed_are_reported_too()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.VismaConnection());
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(20));
        await test.ApplyAsync(test.Client().With(spec => spec with { Issuer = "https://elsewhere.example" }));
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(20));
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.UntilIdleAsync();

        Assert.Single(Began(test, "VismaConnection integrations/acme-production", "ClientNotAvailable"));
        Assert.Single(Began(test, "VismaConnection integrations/acme-production", "IssuerNotAllowed"));
        Assert.Single(Began(test, "OAuthClient integrations/acme", "IssuerNotAllowed"));
        Assert.Equal(
            [
                "VismaConnection integrations/acme-production no longer has the problem ClientNotAvailable",
                "VismaConnection integrations/acme-production no longer has the problem IssuerNotAllowed",
            ],
            Ended(test).Order()
        );
    }

    [Fact]
    public async Task An_outage_is_one_problem_however_often_it_is_tried()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Faults.Always(Fault.ServerError(503));
        await test.AdvanceAsync(TimeSpan.FromMinutes(55), TimeSpan.FromSeconds(30));
        test.Provider.Faults.Clear();
        await test.AdvanceAsync(TimeSpan.FromMinutes(8), TimeSpan.FromSeconds(30));

        Assert.Single(Began(test, "VismaConnection integrations/acme-production", "ProviderUnavailable"));
        Assert.Single(Ended(test));
    }

    [Fact]
    public async Task A_restart_tells_again_of_a_problem_that_lasts_and_never_of_one_that_is_over()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(test.Client());
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(20));
        await test.StopAsync();

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(20));

        Assert.Equal(2, Began(test, "OAuthClient integrations/acme", "SecretNotFound").Count);
        Assert.Empty(Ended(test));
    }

    private static List<string> Began(TestOperator test, string about, string reason) =>
        [
            .. test.Logs.Lines.Where(line =>
                line.StartsWith("Warning ", StringComparison.Ordinal)
                && line.Contains($": {about} has a problem: {reason}: ", StringComparison.Ordinal)
            ),
        ];

    private static IEnumerable<string> Ended(TestOperator test) =>
        test
            .Logs.Lines.Where(line =>
                line.StartsWith("Information ", StringComparison.Ordinal)
                && line.Contains(" no longer has the problem ", StringComparison.Ordinal)
            )
            .Select(line => line.Split(": ", 2)[1].Trim());
}
