using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>The annotation that asks for a refresh now, and what the generation tells.</summary>
public sealed class RequestTests
{
    [Fact]
    public async Task Ours_counts_before_that_of_Flux()
    {
        await using var test = await TestOperator.StartReadyAsync();

        await test.AnnotateAsync(VismaNames.FluxRequestedAtAnnotation, "flux-1");
        await test.UntilIdleAsync();
        var byFlux = (await test.ConnectionAsync()).Status.LastHandledReconcileAt;
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "ours-1");
        await test.AdvanceAsync(TimeSpan.FromSeconds(11));
        var byUs = (await test.ConnectionAsync()).Status.LastHandledReconcileAt;
        await test.AnnotateAsync(VismaNames.FluxRequestedAtAnnotation, "flux-2");
        await test.UntilIdleAsync();

        Assert.Equal("flux-1", byFlux);
        Assert.Equal("ours-1", byUs);
        Assert.Equal("ours-1", (await test.ConnectionAsync()).Status.LastHandledReconcileAt);
        Assert.Equal(3, test.TokenRequests);
    }

    [Fact]
    public async Task It_is_echoed_after_an_attempt_that_failed()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Faults.Always(Fault.ServerError(503));

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "in-vain");
        await test.UntilIdleAsync();
        var after = await test.ConnectionAsync();

        Assert.Equal("in-vain", after.Status.LastHandledReconcileAt);
        Assert.True(after.Is("Ready", "True"));
        Assert.True(after.Is("TokenFresh", "False"));
        Assert.Equal(2, test.TokenRequests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_that_cannot_be_sent_stays_open_and_is_served_once_it_can(bool isOfPerson)
    {
        await using var test = isOfPerson ? await SomeConsents.StartConsentedAsync() : await TestOperator.StartReadyAsync();
        await test.ApplyAsync(Some.VismaConnection("zoo"));
        await test.UntilReadyAsync("zoo");
        test.Provider.Faults.Next(Fault.TooManyRequests(TimeSpan.FromMinutes(1)));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "closes the gate", "zoo");
        await test.UntilAsync<VismaConnection>("zoo", found => found.Status.LastHandledReconcileAt is not null);
        await test.AdvanceAsync(TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(1));
        var before = test.TokenRequests;

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));
        var (paused, sent) = (await test.ConnectionAsync(), test.TokenRequests - before);
        await test.AdvanceAsync(TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(1));

        Assert.Equal((null, "ProviderUnavailable", 0), (paused.Status.LastHandledReconcileAt, paused.Status.Failure?.Reason, sent));
        Assert.True(paused.Is("Ready", "True"));
        var served = (await test.ConnectionAsync()).Status;
        Assert.Equal(("now", null), (served.LastHandledReconcileAt, served.Failure));
    }

    [Fact]
    public async Task A_token_that_could_not_be_stored_answers_no_request_that_came_since()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject("503", ClusterVerb.Update, Secret.ResourceKind, "acme-production-token");
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "earlier");
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        var (earlier, requests) = ((await test.ConnectionAsync()).Status.LastHandledReconcileAt, test.TokenRequests);

        faults.Lift();
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "later");
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.LastHandledReconcileAt == "later");
        await test.UntilIdleAsync();

        Assert.Equal(("earlier", 2), (earlier, requests));
        Assert.Equal(3, test.TokenRequests);
        Assert.Null((await test.ConnectionAsync()).Status.Failure);
    }

    [Theory]
    [InlineData("503", false)]
    [InlineData("403", false)]
    [InlineData("503", true)]
    [InlineData("403", true)]
    public async Task A_request_that_comes_while_a_token_cannot_be_stored_stays_open(string failure, bool isOfPerson)
    {
        await using var test = isOfPerson ? await SomeConsents.StartConsentedAsync() : await TestOperator.StartReadyAsync();
        var before = test.TokenRequests;
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Update, Secret.ResourceKind, "acme-production-token");
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "earlier");
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "later");
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));
        var (whileRefused, requests) = ((await test.ConnectionAsync()).Status.LastHandledReconcileAt, test.TokenRequests - before);

        faults.Lift();
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));

        Assert.Equal(("earlier", 1), (whileRefused, requests));
        Assert.Equal(2, test.TokenRequests - before);
        var served = (await test.ConnectionAsync()).Status;
        Assert.Equal("later", served.LastHandledReconcileAt);
        Assert.Null(served.Failure);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_Secret_that_cannot_be_repaired_leaves_a_request_open(bool isOfPerson)
    {
        await using var test = isOfPerson ? await SomeConsents.StartConsentedAsync() : await TestOperator.StartReadyAsync();
        var before = test.TokenRequests;
        var faults = new ApiFaults(test);
        faults.Inject("503", ClusterVerb.Update, Secret.ResourceKind, "acme-production-token");
        await test.PatchAsync<Secret>("acme-production-token", """{"data": {"tenant_id": null}}""");
        await test.UntilIdleAsync();
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.AdvanceAsync(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));
        var (whileRefused, requests) = ((await test.ConnectionAsync()).Status.LastHandledReconcileAt, test.TokenRequests - before);

        faults.Lift();
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));

        Assert.Equal((null, 0), (whileRefused, requests));
        Assert.Equal(1, test.TokenRequests - before);
        Assert.Equal("now", (await test.ConnectionAsync()).Status.LastHandledReconcileAt);
    }

    [Theory]
    [InlineData("""{"tenantID": "no-guid"}""")]
    [InlineData("""{"oauthClientRef": {"name": "nobody"}}""")]
    public async Task It_is_echoed_where_nothing_can_be_attempted(string change)
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeConnectionAsync(change);
        await test.UntilIdleAsync();

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "in-vain");
        await test.UntilIdleAsync();

        Assert.Equal("in-vain", (await test.ConnectionAsync()).Status.LastHandledReconcileAt);
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task It_makes_one_attempt_with_a_client_whose_secrets_were_refused()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = [new StandInSecret("a-new-one-in-the-portal")] });
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "first");
        await test.UntilIdleAsync();
        Assert.Equal("ClientRefused", (await test.ConnectionAsync()).Condition("Stalled")!.Reason);
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = [new StandInSecret(Some.ClientSecret)] });

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "second");
        await test.AdvanceAsync(TimeSpan.FromSeconds(11));

        var healed = await test.ConnectionAsync();
        Assert.Null(healed.Condition("Stalled"));
        Assert.True(healed.Is("TokenFresh", "True"));
        Assert.Equal("second", healed.Status.LastHandledReconcileAt);
        Assert.Equal(3, test.TokenRequests);
    }

    [Fact]
    public async Task A_slow_watch_makes_no_second_request_of_one()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var late = new TaskCompletionSource();
        test.Cluster.BeforeDelivery = (kind, _, cancellationToken) =>
            kind.Kind == "Secret" ? late.Task.WaitAsync(cancellationToken) : Task.CompletedTask;

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "once");
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Status.LastHandledReconcileAt == "once");
        test.Time.Advance(TimeSpan.FromSeconds(5));
        await test.ChangeConnectionAsync("""{"scopes": ["vismanet_erp_service_api:read"]}""");
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Status.ObservedGeneration == 2);
        test.Time.Advance(TimeSpan.FromSeconds(5));
        late.SetResult();
        await test.UntilIdleAsync();

        Assert.Equal(3, test.TokenRequests);
    }

    [Theory]
    [InlineData("""{"tenantID": "7b1e3c22-8f4e-4a57-8a63-2f1f5b6f0c22"}""", 2)]
    [InlineData("""{"scopes": ["vismanet_erp_service_api:read"]}""", 2)]
    [InlineData("""{"scopes": ["vismanet_erp_service_api:create", "vismanet_erp_service_api:read"]}""", 1)]
    [InlineData("""{"scopes": null, "allScopes": true}""", 2)]
    [InlineData("""{"displayName": "Acme AS"}""", 1)]
    [InlineData("""{"apiVersion": "v2"}""", 1)]
    public async Task A_changed_spec_replaces_the_token_only_where_it_asks_for_another(string change, int requests)
    {
        await using var test = await TestOperator.StartReadyAsync();

        await test.ChangeConnectionAsync(change);
        await test.UntilIdleAsync();

        var changed = await test.ConnectionAsync();
        Assert.Equal((2, true), (changed.Status.ObservedGeneration, changed.Is("Ready", "True")));
        Assert.Equal(requests, test.TokenRequests);
        var secret = await test.TokenSecretAsync();
        Assert.Equal(changed.Spec.TenantId, secret.Text("tenant_id"));
        Assert.Equal(changed.Spec.EffectiveBaseUrl(), secret.Text("base_url"));
        Assert.Equal(changed.Spec.EffectiveBaseUrl(), changed.Status.BaseUrl);
    }

    [Fact]
    public async Task A_changed_spec_that_cannot_be_fulfilled_leaves_the_old_Secret_coherent()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = await test.TokenSecretAsync();

        await test.ChangeConnectionAsync($$"""{"tenantID": "{{Some.UnapprovedTenant}}", "apiVersion": "v2"}""");
        await test.UntilStalledAsync("TenantRefused");
        await test.UntilIdleAsync();

        var connection = await test.ConnectionAsync();
        Assert.Equal(before.Data, (await test.TokenSecretAsync()).Data);
        Assert.True(connection.Is("Ready", "False"));
        Assert.Contains(
            "still serves the token of an earlier spec, valid until 2026-11-23 13:00:00Z",
            connection.Condition("Ready")!.Message,
            StringComparison.Ordinal
        );
        Assert.Equal("https://api.finance.visma.net/v1", connection.Status.BaseUrl);
    }

    // What eight connections that are annotated without pause cost before: 35 token requests a second.
    [Theory]
    [InlineData(VismaNames.RequestedAtAnnotation)]
    [InlineData(VismaNames.FluxRequestedAtAnnotation)]
    public async Task Connections_of_one_client_that_are_asked_without_pause_take_turns(string annotation)
    {
        await using var test = await TestOperator.StartReadyAsync();
        string[] names = [Some.Connection, .. Enumerable.Range(2, 7).Select(number => $"acme-{number}")];
        foreach (var name in names.Skip(1))
        {
            await test.ApplyAsync(Some.VismaConnection(name));
        }

        await test.UntilIdleAsync();
        var first = test.TokenRequests;

        for (var second = 0; second < 100; second++)
        {
            foreach (var name in names)
            {
                await test.AnnotateAsync(annotation, $"{second}", name);
            }

            if (second == 55)
            {
                await test.StopAsync();
                test.Start();
            }

            await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        var whileAsking = test.TokenRequests - first;
        await test.AdvanceAsync(TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(1));

        AssertSpaced(test, first);
        Assert.InRange(whileAsking, 9, 11);
        foreach (var name in names)
        {
            Assert.Equal("99", (await test.ConnectionAsync(name)).Status.LastHandledReconcileAt);
        }
    }

    [Fact]
    public async Task A_refused_client_is_not_asked_more_often_by_requests()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = [new StandInSecret("a-new-one-in-the-portal")] });

        for (var second = 0; second < 35; second++)
        {
            await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, $"{second}");
            await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        AssertSpaced(test, first: 1);
        Assert.InRange(test.TokenRequests - 1, 3, 4);
        Assert.Equal("ClientRefused", (await test.ConnectionAsync()).Condition("Stalled")!.Reason);
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
        Assert.Equal("34", (await test.ConnectionAsync()).Status.LastHandledReconcileAt);
    }

    [Fact]
    public async Task Refresh_tokens_are_not_spent_more_often_either()
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        var first = test.TokenRequests;

        for (var second = 0; second < 35; second++)
        {
            await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, $"{second}");
            await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
        AssertSpaced(test, first);
        Assert.InRange(test.TokenRequests - first, 4, 5);
        Assert.Equal("34", (await test.ConnectionAsync()).Status.LastHandledReconcileAt);
    }

    [Fact]
    public async Task A_suspended_connection_keeps_nobody_waiting()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ApplyAsync(Some.VismaConnection("acme-2"));
        await test.UntilIdleAsync();
        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "while-away");
        await test.UntilIdleAsync();

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now", "acme-2");
        await test.UntilIdleAsync();

        Assert.Equal("now", (await test.ConnectionAsync("acme-2")).Status.LastHandledReconcileAt);
    }

    private static void AssertSpaced(TestOperator test, int first)
    {
        var times = test.Provider.Ledger.TokenRequests.Skip(first).Select(entry => entry.Time).ToList();
        Assert.All(
            times.Zip(times.Skip(1)),
            pair => Assert.True(pair.Second - pair.First >= TimeSpan.FromSeconds(10), $"{pair.First:O} {pair.Second:O}")
        );
    }
}
