using Kubernetes.Client.Resources;
using Lifecycle;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>A grant whose revocation has begun is revoked, whatever becomes of its connection.</summary>
public sealed class ClaimedGrantTests
{
    private const string GrantName = Some.Connection + AuthorizationSpec.GrantSecretSuffix;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_revoked_although_its_connection_is_back_and_says_so_meanwhile(bool isRestarted)
    {
        await using var test = await ClaimedAsync(attempts: 1);
        var family = (await test.FamilyAsync()).Id;

        await test.ApplyAsync(InteractiveConnection());
        await test.UntilIdleAsync();
        var meanwhile = (await test.ConnectionAsync()).Condition("Authorized")!;
        if (isRestarted)
        {
            await test.StopAsync();
            test.Start();
            await test.UntilIdleAsync();
        }

        test.Provider.Faults.Clear();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(30));

        Assert.Equal(("False", Reason.ConsentRequired), (meanwhile.Status, meanwhile.Reason));
        Assert.Contains("is being revoked", meanwhile.Message, StringComparison.Ordinal);
        Assert.True(test.Provider.Grants.Families.Single(found => found.Id == family).IsRevoked);
        Assert.Null(await test.FindAsync<Secret>(GrantName));
        Assert.Equal("AwaitingConsent", (await test.ConnectionAsync()).Condition("Authorized")!.Reason);
    }

    [Fact]
    public async Task The_revocation_is_given_up_after_five_attempts_in_all()
    {
        await using var test = await ClaimedAsync(attempts: 3);

        await test.ApplyAsync(InteractiveConnection());
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(30));
        var kept = await test.GrantAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(30));

        Assert.NotNull(kept!.RevocationTime);
        Assert.Null(await test.FindAsync<Secret>(GrantName));
        Assert.Single(test.Logs.Lines, line => line.Contains("could not be revoked", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_person_who_consents_meanwhile_loses_nothing()
    {
        await using var test = await ClaimedAsync(attempts: 1);
        await test.ApplyAsync(InteractiveConnection());
        await test.UntilIdleAsync();

        await test.HandOverAsync();
        await test.UntilReadyAsync();
        test.Provider.Faults.Clear();
        await test.AdvanceAsync(TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(1));

        Assert.False((await test.FamilyAsync()).IsRevoked);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task A_browser_that_is_under_way_meanwhile_still_finds_its_attempt()
    {
        await using var test = await ClaimedAsync(attempts: 1);
        await test.ApplyAsync(InteractiveConnection());
        await test.UntilIdleAsync();
        await test.PatchAsync<Secret>(
            GrantName,
            $$"""
            {"data":{"attempt_state_hash":"{{Base64("state")}}","attempt_cookie_hash":"{{Base64("cookie")}}",
            "attempt_code_verifier":"{{Base64("verifier")}}","attempt_redirect_uri":"{{Base64("https://operator.example.com/")}}",
            "attempt_issuer":"{{Base64("https://connect.example.com")}}","attempt_inputs":"{{Base64("inputs")}}",
            "attempt_expires_at":"{{Base64("2026-11-23T13:00:00Z")}}"}
            }
            """
        );

        test.Provider.Faults.Clear();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(30));

        var left = (await test.GrantAsync())!;
        Assert.Null(left.Held);
        Assert.Null(left.RevocationTime);
        Assert.Equal("state", Assert.Single(left.Attempts).StateHash);
    }

    [Fact]
    public async Task The_attempts_to_revoke_one_grant_do_not_count_for_the_next()
    {
        await using var test = await ClaimedAsync(attempts: 4);
        await test.ApplyAsync(InteractiveConnection());
        await test.UntilIdleAsync();
        await test.HandOverAsync();
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(10.5), TimeSpan.FromSeconds(30));
        var kept = await test.GrantAsync();
        test.Provider.Faults.Clear();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1.5), TimeSpan.FromSeconds(30));

        Assert.NotNull(kept?.RevocationTime);
        Assert.Null(await test.FindAsync<Secret>(GrantName));
        Assert.True(test.Provider.Grants.Families[^1].IsRevoked);
    }

    // The connection is gone for ten minutes, and the provider answers 503 to the first attempts to revoke.
    private static async Task<TestOperator> ClaimedAsync(int attempts)
    {
        var test = await StartConsentedAsync();
        test.Provider.Faults.Always(Fault.ServerError(503), StandInEndpoint.Revocation);
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(9.5 + attempts), TimeSpan.FromSeconds(30));
        Assert.NotNull((await test.GrantAsync())!.RevocationTime);
        return test;
    }

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));
}
