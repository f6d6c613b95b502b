using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// A client secret that was replaced is tried at once, by one renewal that is brought forward: whoever replaced it is still at the portal,
/// and the old secret is not deleted yet.
/// </summary>
public sealed class SecretVerifiedTests
{
    private const string Wrong = "a-typing-error";
    private static readonly TimeSpan minute = TimeSpan.FromSeconds(55); // after a whole one, a refused client is tried again

    [Fact]
    public async Task A_secret_that_is_replaced_by_a_wrong_one_is_found_out_within_a_minute()
    {
        await using var test = await TestOperator.StartReadyAsync();

        await test.PutSecretAsync(Wrong);
        await test.AdvanceAsync(minute, TimeSpan.FromSeconds(5));

        var client = await ClientAsync(test);
        Assert.Equal(["granted", "invalid_client"], test.Provider.Ledger.TokenRequests.Select(request => request.Outcome));
        Assert.Equal(("False", "ClientRefused"), Verified(client));
        Assert.Contains(
            "Secret acme-credentials, key clientSecret, was refused at 2026-11-23 12:00:00Z",
            client.Condition("SecretVerified")!.Message,
            StringComparison.Ordinal
        );
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True")); // its token is good until it expires
        Assert.Contains(test.EventsAbout(Some.Client), happened => happened.Type == "Warning" && happened.Reason == "ClientRefused");
    }

    [Fact]
    public async Task The_replacement_of_a_secret_by_a_correct_one_is_reported_as_well()
    {
        await using var test = await TestOperator.StartReadyAsync();
        Assert.Equal(("True", "SecretAccepted"), Verified(await ClientAsync(test)));
        test.Provider.Portal.Set(
            new StandInClient(Some.ClientId) { Secrets = [new StandInSecret(Some.ClientSecret), new StandInSecret("the-next-one")] }
        );
        await test.AdvanceAsync(TimeSpan.FromMinutes(5));

        await test.PutSecretAsync("the-next-one");
        await test.AdvanceAsync(minute, TimeSpan.FromSeconds(5));

        var client = await ClientAsync(test);
        Assert.Equal(("True", "SecretAccepted"), Verified(client));
        Assert.Contains(
            "Secret acme-credentials, key clientSecret, at 2026-11-23 12:05:00Z",
            client.Condition("SecretVerified")!.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task One_of_five_hundred_connections_tries()
    {
        await using var test = await TestOperator.StartReadyAsync();
        for (var number = 1; number < 500; number++)
        {
            await test.ApplyAsync(Some.VismaConnection($"more-{number}"));
        }

        await test.UntilIdleAsync();
        var asked = test.TokenRequests;
        test.Provider.Portal.Set(
            new StandInClient(Some.ClientId) { Secrets = [new StandInSecret(Some.ClientSecret), new StandInSecret("the-next-one")] }
        );

        await test.PutSecretAsync("the-next-one");
        await test.AdvanceAsync(minute, TimeSpan.FromSeconds(20));

        Assert.Equal(500, asked);
        Assert.Equal(asked + 1, test.TokenRequests);
        Assert.Equal(("True", "SecretAccepted"), Verified(await ClientAsync(test)));
    }

    [Theory]
    [InlineData(Wrong, "False", "ClientRefused")]
    [InlineData("the-next-one", "True", "SecretAccepted")]
    public async Task A_new_secret_before_one_that_works_is_tried_although_the_other_one_would_do(
        string value,
        string status,
        string reason
    )
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Portal.Set(
            new StandInClient(Some.ClientId) { Secrets = [new StandInSecret(Some.ClientSecret), new StandInSecret("the-next-one")] }
        );
        await test.ApplyAsync(Some.Credentials(value, "acme-next"));

        await test.ChangeClientAsync(
            """{"clientSecrets": [{"secretKeyRef": {"name": "acme-next", "key": "clientSecret"}}, {"secretKeyRef": {"name": "acme-credentials", "key": "clientSecret"}}]}"""
        );
        await test.AdvanceAsync(minute, TimeSpan.FromSeconds(5));

        var client = await ClientAsync(test);
        Assert.Equal((status, reason), Verified(client));
        Assert.Contains("Secret acme-next, key clientSecret", client.Condition("SecretVerified")!.Message, StringComparison.Ordinal);
        Assert.True(client.Is("Ready", "True"));
        Assert.Equal(status == "True" ? "acme-next" : "acme-credentials", client.Status.ActiveSecret!.Name);
        var connection = await test.ConnectionAsync();
        Assert.True(connection.Is("Ready", "True") && connection.Is("TokenFresh", "True"));
        Assert.Equal(status == "True" ? 2 : 3, test.TokenRequests);
    }

    [Fact]
    public async Task A_secret_behind_one_that_works_is_tried_and_does_not_take_its_place()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Portal.Set(
            new StandInClient(Some.ClientId) { Secrets = [new StandInSecret(Some.ClientSecret), new StandInSecret("the-next-one")] }
        );
        await test.ApplyAsync(Some.Credentials("the-next-one", "acme-next"));
        await test.AdvanceAsync(TimeSpan.FromMinutes(5));

        await test.ChangeClientAsync(
            """{"clientSecrets": [{"secretKeyRef": {"name": "acme-credentials", "key": "clientSecret"}}, {"secretKeyRef": {"name": "acme-next", "key": "clientSecret"}}]}"""
        );
        await test.AdvanceAsync(minute, TimeSpan.FromSeconds(5));

        var client = await ClientAsync(test);
        Assert.Contains("Secret acme-next", client.Condition("SecretVerified")!.Message, StringComparison.Ordinal);
        Assert.Equal("acme-credentials", client.Status.ActiveSecret!.Name);
    }

    [Fact]
    public async Task A_restart_with_fresh_tokens_asks_for_nothing_and_writes_nothing()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Portal.Set(
            new StandInClient(Some.ClientId) { Secrets = [new StandInSecret(Some.ClientSecret), new StandInSecret("the-next-one")] }
        );
        await test.PutSecretAsync("the-next-one");
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));
        var asked = test.TokenRequests;
        await test.StopAsync();
        test.ForgetRequests();

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));

        Assert.Equal(asked, test.TokenRequests);
        Assert.Equal(0, test.StatusWrites(Some.Client) + test.StatusWrites(Some.Connection));
    }

    [Fact]
    public async Task A_secret_that_was_replaced_while_nothing_ran_is_tried_after_the_start()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.StopAsync();
        await test.PutSecretAsync(Wrong);

        test.Start();
        await test.AdvanceAsync(minute, TimeSpan.FromSeconds(5));

        Assert.Equal(2, test.TokenRequests);
        Assert.Equal(("False", "ClientRefused"), Verified(await ClientAsync(test)));
    }

    [Fact]
    public async Task A_refresh_token_is_never_spent_for_a_trial()
    {
        await using var test = await StartConsentedAsync();
        var asked = test.TokenRequests;

        await test.PutSecretAsync(Wrong);
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(10));

        Assert.Equal(asked, test.TokenRequests);
        Assert.Equal(("Unknown", "NotTried"), Verified(await ClientAsync(test)));
    }

    [Fact]
    public async Task Without_a_connection_that_can_nothing_is_tried()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await test.UntilIdleAsync();

        await test.PutSecretAsync(Wrong);
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));

        Assert.Equal(1, test.TokenRequests);
        Assert.Equal(("Unknown", "NotTried"), Verified(await ClientAsync(test)));
    }

    [Theory]
    [InlineData("""{"baseURL": "https://api.finance.visma.net.example/v1"}""", "ApiHostNotAllowed")]
    [InlineData("""{"secret": {"name": "strangers"}}""", "SecretNotOwned")]
    public async Task A_stalled_connection_does_not_block_the_trial(string change, string reason)
    {
        await using var test = await StartWithTwoAsync();
        await test.ApplyAsync(Some.Credentials("not-yours-to-overwrite", "strangers"));
        await test.ChangeConnectionAsync(change);
        await test.UntilStalledAsync(reason);
        await test.UntilIdleAsync();

        await test.PutSecretAsync(Wrong);
        await test.AdvanceAsync(minute, TimeSpan.FromSeconds(5));

        Assert.Equal(("False", "ClientRefused"), Verified(await ClientAsync(test)));
    }

    [Fact]
    public async Task That_no_connection_can_try_is_said_and_one_tries_once_it_can()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await test.UntilIdleAsync();
        await test.PutSecretAsync(Wrong);
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(5));
        var before = await ClientAsync(test);
        var writes = test.StatusWrites(Some.Client);
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(5));
        var later = test.StatusWrites(Some.Client);

        await test.ChangeConnectionAsync("""{"suspend": false}""");
        await test.AdvanceAsync(minute, TimeSpan.FromSeconds(5));

        Assert.Equal(("Unknown", "NotTried"), Verified(before));
        Assert.Contains("no connection can try it now", before.Condition("SecretVerified")!.Message, StringComparison.Ordinal);
        Assert.Equal(writes, later);
        Assert.Equal(("False", "ClientRefused"), Verified(await ClientAsync(test)));
    }

    [Fact]
    public async Task A_restart_before_the_outcome_of_a_request_is_on_record_asks_for_nothing()
    {
        await using var test = await TestOperator.StartAsync(prepared =>
            new ApiFaults(prepared).Inject("503", ClusterVerb.PatchStatus, OAuthClient.ResourceKind, Some.Client)
        );
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilReadyAsync();
        await test.StopAsync();
        new ApiFaults(test).Lift();

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));

        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_Secret_that_is_only_touched_is_not_tried()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = Verified(await ClientAsync(test));

        await test.PatchAsync<Secret>("acme-credentials", """{"metadata": {"labels": {"touched": "yes"}}}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));

        Assert.Equal(1, test.TokenRequests);
        Assert.Equal(before, Verified(await ClientAsync(test)));
    }

    [Fact]
    public async Task A_trial_that_an_outage_cuts_off_is_made_by_the_same_connection_when_it_is_over()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ApplyAsync(Some.VismaConnection("another"));
        await test.UntilReadyAsync("another");
        test.Provider.Faults.Always(Fault.ServerError(503));

        await test.PutSecretAsync(Wrong);
        await test.AdvanceAsync(TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(5));
        var during = Verified(await ClientAsync(test));
        var connections = new[] { await test.ConnectionAsync(), await test.ConnectionAsync("another") };
        test.Provider.Faults.Clear();
        await test.AdvanceAsync(TimeSpan.FromMinutes(6), TimeSpan.FromSeconds(5));

        Assert.Equal(("Unknown", "NotTried"), during);
        Assert.Single(connections, connection => connection.Status.Failure is not null);
        Assert.Equal(("False", "ClientRefused"), Verified(await ClientAsync(test)));
    }

    [Fact]
    public async Task A_Secret_that_changes_without_pause_causes_two_requests_a_minute()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var asked = test.TokenRequests;
        test.Provider.Portal.Set(
            new StandInClient(Some.ClientId)
            {
                Secrets = [.. Enumerable.Range(0, 60).Select(number => new StandInSecret($"the-secret-number-{number}"))],
            }
        );

        for (var number = 0; number < 60; number++)
        {
            await test.PutSecretAsync($"the-secret-number-{number}");
            await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(test.TokenRequests - asked, 1, 3);
    }

    [Theory]
    [InlineData("\"a-secret-of-acme\"", "has quotes around it")]
    [InlineData("'a-secret-of-acme'", "has quotes around it")]
    [InlineData("\u201ca-secret-of-acme\u201d", "has quotes around it")]
    [InlineData(" a-secret-of-acme", "begins or ends with a blank")]
    [InlineData("a-secret-of-acme ", "begins or ends with a blank")]
    [InlineData("a-secret of-acme", "has a blank in it")]
    [InlineData("\"a-secret-of-acme\",", "has quotes around it")]
    [InlineData("\"a-secret-of-acme", "begins or ends with a quote")]
    [InlineData("a-secret-of-acme'", "begins or ends with a quote")]
    [InlineData("a\u2013secret-of-acme", "has a letter outside of ASCII, such as a dash or quote of a word processor")]
    [InlineData("-----BEGIN AGE ENCRYPTED FILE-----", "is a whole encrypted or key file (-----BEGIN ...)")]
    [InlineData("a-secret-of-acme\t", "has a tab")]
    [InlineData("a-secret-of-acme\u00a0", "has a no-break space or another invisible character")]
    [InlineData("a-secret\u200b-of-acme", "has a no-break space or another invisible character")]
    [InlineData("\ufeffa-secret-of-acme", "begins with a byte order mark (BOM)")]
    [InlineData("a-secret\r\nof-acme", "has a line break")]
    [InlineData("a-secret-of-acme\\n", "ends with a written line break (a backslash and a letter)")]
    [InlineData("YS1zZWNyZXQtb2YtYWNtZQ==", "looks encoded with base64 twice: in data it is encoded once, in stringData not at all")]
    [InlineData("YS1zZWNyZXQtb2YtYWNtZQo=", "looks encoded with base64 twice: in data it is encoded once, in stringData not at all")]
    [InlineData("YQAtAHMAZQBjAHIAZQB0AA==", "looks encoded with base64 twice: in data it is encoded once, in stringData not at all")]
    [InlineData("77u/YS1zZWNyZXQtb2YtYWNtZQ==", "looks encoded with base64 twice: in data it is encoded once, in stringData not at all")]
    [InlineData("YS1zZWNyZXQtb2YtYWNtZQ", "looks encoded with base64 twice: in data it is encoded once, in stringData not at all")]
    [InlineData("a\0-\0s\0e\0c\0r\0e\0t\0", "is UTF-16: store it as UTF-8")]
    [InlineData("\ufffd\ufffda\0-\0s\0e\0c\0r\0e\0t\0", "is UTF-16: store it as UTF-8")]
    [InlineData("ENC[AES256_GCM,data:CwE4O1s=,iv:2k=,aad:o=,tag:w==,type:str]", "is encrypted by SOPS: decrypt it before it is applied")]
    [InlineData("${VISMA_CLIENT_SECRET}", "looks like a placeholder that was never replaced")]
    [InlineData("<put the secret here>", "looks like a placeholder that was never replaced")]
    [InlineData("<path:secret/data/visma#clientSecret>", "looks like a placeholder that was never replaced")]
    [InlineData("{{ .Values.clientSecret }}", "looks like a placeholder that was never replaced")]
    [InlineData("CHANGE_ME", "looks like a placeholder that was never replaced")]
    [InlineData("{\"clientSecret\": \"a-secret-of-acme\"}", "looks like a whole JSON document")]
    [InlineData("clientSecret: a-secret-of-acme", "begins with a name before the secret itself")]
    [InlineData("a-secret%2Bof-acme", "looks URL-encoded")]
    [InlineData("a-secret-of-acme", null)]
    [InlineData("Zq3+k/9=:1-_~a.b$c(d)e", null)]
    public async Task A_refused_secret_is_named_with_its_oddities_and_its_value_is_never_shown(string value, string? oddity)
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials(value));
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());

        var stalled = await test.UntilStalledAsync("ClientRefused");
        var client = await test.UntilAsync<OAuthClient>(
            Some.Client,
            found => found.Condition("SecretVerified")?.Status == "False" && found.Condition("Stalled") is not null
        );

        var expected = $"Secret acme-credentials, key clientSecret{(oddity is null ? string.Empty : $" (its value {oddity})")}";
        Assert.All([stalled.Condition("Stalled")!, client.Condition("Stalled")!, client.Condition("SecretVerified")!], condition =>
        {
            Assert.Contains(expected, condition.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(value, condition.Message, StringComparison.Ordinal);
        });
        Assert.Equal(oddity is not null, client.Condition("SecretVerified")!.Message.Contains("its value", StringComparison.Ordinal));
        Assert.Equal(
            !value.Contains('\0', StringComparison.Ordinal),
            client.Condition("SecretVerified")!.Message.Contains("was refused at", StringComparison.Ordinal));
    }

    // The usual one is due for renewal first, so it is the one that would try.
    private static async Task<TestOperator> StartWithTwoAsync()
    {
        var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(10));
        await test.ApplyAsync(Some.VismaConnection("another"));
        await test.UntilReadyAsync("another");
        await test.UntilIdleAsync();
        return test;
    }

    private static async Task<OAuthClient> ClientAsync(TestOperator test) => (await test.FindAsync<OAuthClient>(Some.Client))!;

    private static (string Status, string Reason) Verified(OAuthClient client) =>
        (client.Condition("SecretVerified")!.Status, client.Condition("SecretVerified")!.Reason);
}
