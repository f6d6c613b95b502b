using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// Several client secrets: what works is found, remembered and tried first, and what is refused is not asked with again and again.
/// </summary>
public sealed class ClientSecretsTests
{
    private const string Older = "the-secret-of-last-year";

    [Fact]
    public async Task An_expired_first_secret_gives_way_to_the_second()
    {
        await using var test = await WithTwoAsync(new StandInSecret(Older, Noon.AddDays(-1)), new StandInSecret(Some.ClientSecret));

        var client = await test.UntilAsync<OAuthClient>(Some.Client, client => client.Status.ActiveSecret is not null);
        await test.UntilReadyAsync();

        Assert.Equal("acme-credentials", client.Status.ActiveSecret!.Name);
        Assert.Equal(["invalid_client", "granted"], test.Provider.Ledger.TokenRequests.Select(request => request.Outcome));
    }

    [Fact]
    public async Task The_secret_that_worked_is_tried_first_even_after_a_restart()
    {
        await using var test = await WithTwoAsync(new StandInSecret(Older, Noon.AddDays(-1)), new StandInSecret(Some.ClientSecret));
        await test.UntilReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(41));
        await test.StopAsync();
        test.Start();

        await test.AdvanceAsync(TimeSpan.FromMinutes(41));

        Assert.Equal(
            ["invalid_client", "granted", "granted", "granted"],
            test.Provider.Ledger.TokenRequests.Select(request => request.Outcome)
        );
    }

    [Fact]
    public async Task A_secret_that_expires_while_it_is_used_costs_one_refusal()
    {
        await using var test = await WithTwoAsync(new StandInSecret(Older, Noon.AddMinutes(30)), new StandInSecret(Some.ClientSecret));
        await test.UntilReadyAsync();

        await test.AdvanceAsync(TimeSpan.FromMinutes(85), TimeSpan.FromMinutes(1));

        Assert.Equal(
            ["granted", "invalid_client", "granted", "granted"],
            test.Provider.Ledger.TokenRequests.Select(request => request.Outcome)
        );
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.DoesNotContain(test.EventsAbout(Some.Connection), happened => happened.Type == "Warning");
    }

    [Fact]
    public async Task Fifty_connections_of_a_refused_client_ask_a_bounded_number_of_times()
    {
        await using var test = await WithTwoAsync(
            new StandInSecret(Older, Noon.AddDays(-1)),
            new StandInSecret(Some.ClientSecret, Noon.AddDays(-1))
        );
        for (var number = 1; number < 50; number++)
        {
            await test.ApplyAsync(Some.VismaConnection($"more-{number}"));
        }

        await test.UntilStalledAsync("ClientRefused");
        await test.UntilIdleAsync();
        Assert.Equal(2, test.TokenRequests);
        await test.AdvanceAsync(TimeSpan.FromMinutes(59), TimeSpan.FromSeconds(30));

        // After 1, 3, 7, 15 and 31 minutes, with one secret each.
        Assert.Equal(7, test.TokenRequests);
        var client = await test.FindAsync<OAuthClient>(Some.Client);
        Assert.Equal("ClientRefused", client!.Condition("Ready")!.Reason);
        Assert.Equal(50, (await AllAsync(test)).Count(connection => connection.Is("Stalled", "True")));
    }

    [Fact]
    public async Task A_refusal_outlasts_a_restart_without_a_write_or_another_attempt()
    {
        await using var test = await WithTwoAsync(new StandInSecret("made-in-the-portal"));
        await test.ApplyAsync(Some.VismaConnection("another"));
        await test.UntilStalledAsync("ClientRefused");
        await test.UntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(4), TimeSpan.FromSeconds(30));
        var (asked, before) = (test.TokenRequests, (await test.FindAsync<OAuthClient>(Some.Client))!);
        await test.StopAsync();
        test.ForgetRequests();

        test.Start();
        await test.UntilIdleAsync();

        Assert.Equal("ClientRefused", (await test.FindAsync<OAuthClient>(Some.Client))!.Condition("Ready")!.Reason);
        Assert.Equal(asked, test.TokenRequests);
        Assert.Equal(0, test.StatusWrites(Some.Client) + test.StatusWrites(Some.Connection) + test.StatusWrites("another"));
        await test.AdvanceAsync(before.Status.Refusal!.RetryTime!.Value - test.Time.GetUtcNow());
        Assert.True(test.TokenRequests > asked);
    }

    [Fact]
    public async Task A_secret_that_was_replaced_while_nothing_ran_is_tried_at_once()
    {
        await using var test = await WithTwoAsync(new StandInSecret("made-in-the-portal"));
        await test.UntilStalledAsync("ClientRefused");
        await test.UntilIdleAsync();
        await test.StopAsync();
        await test.PutSecretAsync("made-in-the-portal");

        test.Start();

        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        var client = (await test.FindAsync<OAuthClient>(Some.Client))!;
        Assert.True(client.Is("Ready", "True"));
        Assert.Null(client.Status.Refusal);
    }

    [Fact]
    public async Task A_Secret_whose_values_are_unchanged_restarts_no_backoff()
    {
        await using var test = await WithTwoAsync(new StandInSecret("made-in-the-portal"));
        await test.UntilStalledAsync("ClientRefused");
        await test.UntilIdleAsync();
        var (asked, before) = (test.TokenRequests, await test.ConnectionAsync());

        await test.PatchAsync<Kubernetes.Client.Resources.Secret>("acme-credentials", """{"metadata": {"labels": {"touched": "yes"}}}""");
        await test.UntilIdleAsync();

        Assert.Equal(asked, test.TokenRequests);
        Assert.Equal(before.Status.Failure, (await test.ConnectionAsync()).Status.Failure);
    }

    [Fact]
    public async Task The_whole_list_is_walked_again_after_an_hour()
    {
        await using var test = await WithTwoAsync(new StandInSecret(Older, Noon.AddDays(-1)), new StandInSecret("another-one"));
        await test.UntilStalledAsync("ClientRefused");
        await test.UntilIdleAsync();
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = [new StandInSecret(Some.ClientSecret)] });

        await test.AdvanceAsync(TimeSpan.FromMinutes(58), TimeSpan.FromMinutes(1));
        var before = (await test.ConnectionAsync()).Is("Ready", "True");
        await test.AdvanceAsync(TimeSpan.FromMinutes(6), TimeSpan.FromMinutes(1));

        Assert.False(before);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task A_rotated_Secret_heals_every_connection()
    {
        await using var test = await WithTwoAsync(new StandInSecret("made-in-the-portal"));
        for (var number = 1; number < 10; number++)
        {
            await test.ApplyAsync(Some.VismaConnection($"more-{number}"));
        }

        await test.UntilStalledAsync("ClientRefused");
        await test.UntilIdleAsync();

        await test.PutSecretAsync("made-in-the-portal");
        await test.UntilIdleAsync();

        Assert.All(
            await AllAsync(test),
            connection => Assert.True(connection.Is("Ready", "True") && connection.Condition("Stalled") is null)
        );
        var client = (await test.FindAsync<OAuthClient>(Some.Client))!;
        Assert.True(client.Is("Ready", "True"));
        Assert.Null(client.Condition("Stalled"));
        Assert.Equal("acme-credentials", client.Status.ActiveSecret!.Name);
    }

    [Fact]
    public async Task A_line_break_at_the_end_of_a_secret_does_no_harm()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials(Some.ClientSecret + "\n"));
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());

        await test.UntilReadyAsync();
    }

    [Fact]
    public async Task Basic_authentication_and_an_id_from_a_Secret_work()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials());
        await test.PutSecretAsync(Some.ClientId, key: "clientID");
        await test.PatchAsync<Kubernetes.Client.Resources.Secret>(
            "acme-credentials",
            """{"metadata": {"labels": {"visma-operator.io/client-credentials": "true"}}}"""
        );
        await test.ApplyAsync(
            test.Client()
                .With(spec =>
                    spec with
                    {
                        ClientId = null,
                        ClientIdFrom = new ClientIdSource
                        {
                            SecretKeyRef = new SecretKeyReference { Name = "acme-credentials", Key = "clientID" },
                        },
                        AuthenticationMethod = AuthenticationMethod.ClientSecretBasic,
                    }
                )
        );
        await test.ApplyAsync(Some.VismaConnection());

        await test.UntilReadyAsync();

        Assert.Equal("client_secret_basic", test.Provider.Ledger.TokenRequests.Single().Request.AuthenticationMethod);
    }

    [Fact]
    public async Task A_Secret_that_goes_missing_is_waited_for_although_the_client_was_refused_for_hours()
    {
        await using var test = await TestOperator.StartAsync();
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = [new StandInSecret("made-in-the-portal")] });
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilAsync<OAuthClient>(Some.Client, client => client.Condition("Stalled")?.Reason == "ClientRefused");
        await test.AdvanceAsync(TimeSpan.FromHours(4), TimeSpan.FromMinutes(10));

        await test.DeleteAsync<Kubernetes.Client.Resources.Secret>("acme-credentials");
        var waiting = await test.UntilAsync<OAuthClient>(Some.Client, client => client.Condition("Ready")?.Reason == "SecretNotFound");
        await test.AdvanceAsync(TimeSpan.FromSeconds(59), TimeSpan.FromSeconds(1));
        var patient = await test.FindAsync<OAuthClient>(Some.Client);
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        var stalled = await test.FindAsync<OAuthClient>(Some.Client);

        Assert.Null(waiting.Condition("Stalled"));
        Assert.Null(patient!.Condition("Stalled"));
        Assert.Equal("SecretNotFound", stalled!.Condition("Stalled")?.Reason);
    }

    [Fact]
    public async Task Metadata_that_is_untrusted_for_a_moment_is_looked_at_again_by_itself()
    {
        await using var test = await TestOperator.StartAsync();
        test.Provider.Faults.Always(
            new Fault.Answer(
                200,
                """{"issuer": "https://elsewhere.example", "token_endpoint": "https://elsewhere.example/token"}""",
                "application/json",
                new Dictionary<string, string>()
            ),
            StandInEndpoint.Metadata
        );
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.UntilAsync<OAuthClient>(Some.Client, client => client.Condition("Stalled")?.Reason == "MetadataUntrusted");

        test.Provider.Faults.Clear();
        await test.AdvanceAsync(TimeSpan.FromMinutes(6), TimeSpan.FromSeconds(30));

        Assert.True((await test.FindAsync<OAuthClient>(Some.Client))!.Is("Ready", "True"));
    }

    [Fact]
    public async Task A_secret_that_will_expire_is_warned_of_four_times_and_once_more_at_its_end()
    {
        await using var test = await WithTwoAsync(expires: Noon.AddDays(40), new StandInSecret(Older));
        await test.UntilReadyAsync();

        await test.AdvanceAsync(TimeSpan.FromDays(41), TimeSpan.FromHours(6));

        var warnings = test.EventsAbout(Some.Client).Where(happened => happened.Reason == "SecretExpiresSoon").ToList();
        Assert.Equal(
            [Noon.AddDays(10), Noon.AddDays(26), Noon.AddDays(33), Noon.AddDays(39), Noon.AddDays(40)],
            warnings.Select(happened => happened.EventTime!.Value)
        );
        Assert.Equal(
            ["30 days", "14 days", "7 days", "within a day", "expired on 2027-01-02"],
            warnings.Zip(
                (string[])["30 days", "14 days", "7 days", "within a day", "expired on 2027-01-02"],
                (happened, words) => happened.Note!.Contains(words, StringComparison.Ordinal) ? words : happened.Note
            )
        );
        Assert.All(
            warnings,
            happened => Assert.Contains("Make a new one in the Visma developer portal", happened.Note!, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_secret_that_expires_soon_is_warned_of_when_the_client_is_new()
    {
        await using var test = await WithTwoAsync(expires: Noon.AddDays(10), new StandInSecret(Older));
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        Assert.Contains(
            "within 14 days",
            Assert.Single(test.EventsAbout(Some.Client), happened => happened.Reason == "SecretExpiresSoon").Note!,
            StringComparison.Ordinal
        );
        Assert.Equal(Noon.AddDays(10), (await test.FindAsync<OAuthClient>(Some.Client))!.Status.SecretExpirationTime);
    }

    [Fact]
    public async Task A_secret_that_expired_does_not_hide_that_the_next_one_expires()
    {
        await using var test = await WithTwoAsync(expires: Noon.AddDays(-3), new StandInSecret(Some.ClientSecret));
        await test.ChangeClientAsync("""
            {"clientSecrets": [
                {"secretKeyRef": {"name": "acme-older", "key": "clientSecret"}, "expirationTime": "2026-11-20T12:00:00Z"},
                {"secretKeyRef": {"name": "acme-credentials", "key": "clientSecret"}, "expirationTime": "2026-11-28T12:00:00Z"}]}
            """);
        await test.UntilIdleAsync();

        var expiring = (await test.FindAsync<OAuthClient>(Some.Client))!.Condition("SecretExpiring")!;

        Assert.Equal("True", expiring.Status);
        Assert.Contains(
            "acme-credentials, key clientSecret, expires on 2026-11-28 (within 7 days)",
            expiring.Message,
            StringComparison.Ordinal
        );
    }

    private static DateTimeOffset Noon { get; } = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static Task<TestOperator> WithTwoAsync(params StandInSecret[] atTheProvider) => WithTwoAsync(expires: null, atTheProvider);

    private static async Task<TestOperator> WithTwoAsync(DateTimeOffset? expires, params StandInSecret[] atTheProvider)
    {
        var test = await TestOperator.StartAsync();
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = atTheProvider });
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(Some.Credentials(Older, "acme-older"));
        await test.ApplyAsync(
            test.Client()
                .With(spec =>
                    spec with
                    {
                        ClientSecrets =
                        [
                            new ClientSecretSpec
                            {
                                SecretKeyRef = new SecretKeyReference { Name = "acme-older", Key = "clientSecret" },
                                ExpirationTime = expires,
                            },
                            .. spec.ClientSecrets,
                        ],
                    }
                )
        );
        await test.ApplyAsync(Some.VismaConnection());
        return test;
    }

    private static async Task<IReadOnlyList<VismaConnection>> AllAsync(TestOperator test) =>
        (
            await test.Cluster.ListPageAsync<VismaConnection>(
                Kubernetes.Client.ResourceSelector.All,
                1000,
                null,
                TestContext.Current.CancellationToken
            )
        ).Items;
}
