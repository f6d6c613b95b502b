using System.Security.Cryptography;
using System.Text;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>One record for each token that was issued, and for each request that was refused.</summary>
public sealed class TokenAuditTests
{
    [Fact]
    public async Task An_issued_token_has_one_record_that_names_everything_but_the_token()
    {
        await using var test = await TestOperator.StartReadyAsync();

        var record = Assert.Single(Records(test));
        var token = (await test.TokenSecretAsync()).Text("access_token");
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)))[..16];
        Assert.Contains(
            $"Token issued for VismaConnection {Some.Namespace}/{Some.Connection} by OAuthClient {Some.Namespace}/{Some.Client} "
            + $"with secret acme-credentials/clientSecret: grant client_credentials, tenant {Some.Tenant}, "
            + $"scopes \"{string.Join(' ', Some.Scopes)}\", "
            + $"token sha256 {fingerprint}",
            record,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Each_renewal_has_a_record_of_its_own()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(45));
        await test.AdvanceAsync(TimeSpan.FromMinutes(45));

        Assert.Equal(test.TokenRequests, Records(test).Distinct().Count());
    }

    [Fact]
    public async Task A_refusal_says_which_secret_and_by_which_code()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials("wrong-client-secret-of-this-test"));
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilStalledAsync("ClientRefused");
        await test.UntilIdleAsync();

        var record = Assert.Single(Records(test));
        Assert.Contains("Token refused for", record, StringComparison.Ordinal);
        Assert.Contains("with secret acme-credentials/clientSecret", record, StringComparison.Ordinal);
        Assert.EndsWith("outcome invalid_client", record.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_answer_is_recorded_as_unknown()
    {
        await using var test = await TestOperator.StartAsync(prepared => prepared.Provider.Faults.Next(new Fault.CutAfterProcessing()));
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilIdleAsync();

        Assert.Contains("it is not known whether one was issued", Assert.Single(Records(test)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_provider_that_says_that_it_cannot_leaves_no_record(int status)
    {
        await using var test = await TestOperator.StartAsync(prepared => prepared.Provider.Faults.Next(Fault.ServerError(status)));
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilIdleAsync();

        Assert.Empty(Records(test));
    }

    [Fact]
    public async Task An_exchange_that_is_refused_names_the_scopes_that_the_person_was_asked_for()
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        test.Provider.Faults.Next(Fault.Error(new StandInError("invalid_grant", null)));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.UntilIdleAsync();

        var refused = Assert.Single(Records(test), record => record.Contains("Token refused for", StringComparison.Ordinal));
        Assert.Contains("grant refresh_token", refused, StringComparison.Ordinal);
        Assert.Contains($"scopes \"{string.Join(' ', SomeConsents.InteractiveScopes)}", refused, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Records(TestOperator test) =>
        test.Logs.Lines.Where(line => line.Contains("Token issued for", StringComparison.Ordinal)
            || line.Contains("Token refused for", StringComparison.Ordinal)
            || line.Contains("Token requested for", StringComparison.Ordinal));
}
