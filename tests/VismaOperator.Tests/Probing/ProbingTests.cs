using Kubernetes.Client.Resources;
using Lifecycle;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Probing;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Probing.ProbingScene;

namespace VismaOperator.Tests.Probing;

/// <summary>The whole operator with <c>spec.probe</c>, at the stand-in's ERP API.</summary>
public sealed class ProbingTests
{
    private static readonly TimeSpan hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task A_new_token_is_probed_and_the_condition_says_so()
    {
        await using var test = await StartProbedAsync();

        var connection = await test.ConnectionAsync();
        var condition = connection.Condition(ConditionType.TokenAccepted)!;
        Assert.Equal(("True", Reason.ApiAnswered, "False"), (condition.Status, condition.Reason, connection.Status.Offline));
        Assert.Equal(connection.Metadata.Generation, condition.ObservedGeneration);
        Assert.Equal(["answered"], Probes(test));
        Assert.Equal(1, test.TokenRequests);
        Assert.Equal(1, Counted(test, "accepted"));
        Assert.Equal(0, Counted(test, "unauthorized"));
        Assert.Empty(test.EventsAbout(Some.Connection));
    }

    [Fact]
    public async Task A_renewed_token_is_probed_and_nothing_is_written_for_it_where_nothing_changed()
    {
        await using var test = await StartProbedAsync(lifetime: hour);
        await test.AdvanceAsync(TimeSpan.FromMinutes(58), TimeSpan.FromSeconds(30));
        await test.AdvanceAsync(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));

        var renewed = test.Provider.Ledger.TokenRequests[1].Time;
        Assert.Equal(2, test.TokenRequests);
        Assert.Contains(Entries(test), entry => entry.Time > renewed && entry.Time <= renewed.AddSeconds(31));
        Assert.Equal(3, test.StatusWrites(Some.Connection)); // first token, first probe, renewal
    }

    [Fact]
    public async Task What_was_changed_while_the_probe_was_due_is_decided_about_first()
    {
        await using var test = await StartProbedAsync();
        var release = new TaskCompletionSource();
        var held = new Fault.Hold(release.Task);
        test.Provider.Faults.Next(held);
        await test.AdvanceAsync(ProbeLanes.Gap - TimeSpan.FromSeconds(5));
        await test.AnnotateAsync(VismaNames.ProbeRequestedAtAnnotation, "one"); // waits for the lane
        await test.UntilIdleAsync();

        // Another company: the request for its token takes long, and the probe of the old one falls due meanwhile.
        await test.ChangeConnectionAsync($$"""{"tenantID": "{{Some.OtherTenant}}"}""");
        await held.Reached.WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        test.Time.Advance(TimeSpan.FromSeconds(6));
        release.SetResult();
        await test.UntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));

        Assert.Equal([Some.Tenant, Some.OtherTenant], Entries(test).Select(entry => entry.Request.TenantId));
    }

    [Fact]
    public async Task Probes_of_one_host_wait_for_each_other_in_order_and_all_are_made()
    {
        await using var test = await StartReadyAsync("""{"probe": null}""");
        var release = new TaskCompletionSource();
        test.Provider.Faults.Always(new Fault.Hold(release.Task), StandInEndpoint.Api);
        var tenants = Enumerable.Range(0, 12).Select(number => $"00000000-0000-4000-8000-{number:D12}").ToList();
        foreach (var (tenant, number) in tenants.Select((tenant, number) => (tenant, number)))
        {
            test.Provider.Portal.Set(new StandInTenant(tenant));
            var one = Probed(test, $"of-{number}");
            await test.ApplyAsync(one with { Spec = one.Spec with { TenantId = tenant } });
            await test.UntilReadyAsync($"of-{number}");
        }

        test.Time.Advance(TimeSpan.FromSeconds(2));
        test.Provider.Faults.Clear();
        release.SetResult();
        await test.UntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

        Assert.Equal(tenants, Entries(test).Select(entry => entry.Request.TenantId!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Refused_by_the_API_is_said_with_the_remedy_and_touches_neither_Ready_nor_the_token()
    {
        await using var test = await StartProbedAsync();
        var before = await test.ConnectionAsync();
        test.Provider.Portal.Set(new StandInTenant(Some.Tenant) { Kind = TenantKind.Customer });

        await AskAsync(test, "one");

        var connection = await test.ConnectionAsync();
        var condition = connection.Condition(ConditionType.TokenAccepted)!;
        Assert.Equal(("False", Reason.ApiUnauthorized, "True"), (condition.Status, condition.Reason, connection.Status.Offline));
        Assert.Contains("Company tenant id", condition.Message, StringComparison.Ordinal);
        Assert.Equal(before.Condition("Ready"), connection.Condition("Ready"));
        Assert.Equal(before.Status.Token!.Fingerprint, connection.Status.Token!.Fingerprint);
        Assert.Equal(1, test.TokenRequests);
        Assert.Equal("one", connection.Status.LastHandledProbeAt);
        Assert.Equal([("Warning", Reason.ApiUnauthorized)], Events(test));

        test.Provider.Portal.Set(new StandInTenant(Some.Tenant));
        await test.AdvanceAsync(ProbeLanes.GapAfterRefusal);
        await AskAsync(test, "two");

        Assert.Equal("True", (await test.ConnectionAsync()).Condition(ConditionType.TokenAccepted)!.Status);
        Assert.Equal([("Warning", Reason.ApiUnauthorized), ("Normal", Reason.ApiAnswered)], Events(test));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_failing_API_is_asked_once_in_the_interval_and_never_for_tokens()
    {
        await using var test = await StartProbedAsync();
        test.Provider.Faults.Always(Fault.ServerError(503), StandInEndpoint.Api);
        var before = Probes(test).Count;

        await test.AdvanceAsync(TimeSpan.FromHours(5), TimeSpan.FromMinutes(1));

        Assert.Equal(5, Probes(test).Count - before);
        Assert.Equal(1, test.TokenRequests);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.Single(Events(test));
    }

    [Fact]
    public async Task Without_it_nothing_is_probed_and_switching_it_off_removes_what_was_said()
    {
        await using var test = await StartReadyAsync("""{"probe": null}""");
        Assert.Empty(Probes(test));
        Assert.Null((await test.ConnectionAsync()).Condition(ConditionType.TokenAccepted));
        Assert.Null(Counted(test, "accepted"));

        await test.ChangeConnectionAsync("""{"probe": {"enabled": true}}""");
        await test.UntilIdleAsync();
        Assert.NotNull((await test.ConnectionAsync()).Condition(ConditionType.TokenAccepted));

        await test.ChangeConnectionAsync("""{"probe": {"enabled": false}}""");
        await test.UntilIdleAsync();
        var off = await test.ConnectionAsync();
        Assert.Null(off.Condition(ConditionType.TokenAccepted));
        Assert.Equal((null, null), (off.Status.Offline, off.Status.LastHandledProbeAt));
        await test.AdvanceAsync(TimeSpan.FromHours(3), TimeSpan.FromMinutes(5));
        Assert.Single(Probes(test));
    }

    [Fact]
    public async Task A_restart_writes_nothing_and_probes_at_the_usual_time()
    {
        await using var test = await StartProbedAsync();
        await test.StopAsync();
        test.ForgetRequests();

        test.Start();
        await test.UntilIdleAsync();

        Assert.Single(Probes(test));
        Assert.DoesNotContain(test.Requests, request => request.IsWrite());
        await test.AdvanceAsync(hour, TimeSpan.FromMinutes(1));
        Assert.Equal(2, Probes(test).Count);
        Assert.DoesNotContain(test.Requests, request => request.IsWrite());
    }

    [Fact]
    public async Task A_suspended_and_a_withdrawn_connection_are_not_probed()
    {
        await using var test = await StartProbedAsync();
        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await test.AdvanceAsync(TimeSpan.FromHours(3), TimeSpan.FromMinutes(5));
        Assert.Single(Probes(test));
        Assert.NotNull((await test.ConnectionAsync()).Condition(ConditionType.TokenAccepted));

        await test.ChangeConnectionAsync("""{"suspend": false}""");
        await test.UntilIdleAsync();
        var probed = Probes(test).Count;
        await test.PatchAsync<OAuthClient>(Some.Client, $$$"""{"spec": {"tenants": [{"tenantID": "{{{Some.OtherTenant}}}"}]}}""");
        await test.AdvanceAsync(TimeSpan.FromHours(3), TimeSpan.FromMinutes(5));

        Assert.Equal(probed, Probes(test).Count);
        Assert.Null((await test.ConnectionAsync()).Condition(ConditionType.TokenAccepted));
    }

    [Fact]
    public async Task The_API_is_left_alone_for_as_long_as_it_asks_and_a_request_is_put_off_until_then()
    {
        await using var test = await StartProbedAsync();
        test.Provider.Faults.Next(Fault.TooManyRequests(TimeSpan.FromMinutes(30)), 1, StandInEndpoint.Api);
        await AskAsync(test, "one");
        var limited = await test.ConnectionAsync();
        Assert.Equal(Reason.ApiRateLimited, limited.Condition(ConditionType.TokenAccepted)!.Reason);
        var probed = Probes(test).Count;

        await test.AnnotateAsync(VismaNames.ProbeRequestedAtAnnotation, "two");
        await test.AdvanceAsync(TimeSpan.FromMinutes(29), TimeSpan.FromSeconds(20));

        Assert.Equal(probed, Probes(test).Count);
        Assert.Equal("one", (await test.ConnectionAsync()).Status.LastHandledProbeAt);
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(20));
        var after = await test.ConnectionAsync();
        Assert.Equal(("two", "True"), (after.Status.LastHandledProbeAt, after.Condition(ConditionType.TokenAccepted)!.Status));
    }

    [Fact]
    public async Task Connections_of_one_tenant_are_probed_apart_and_those_of_another_do_not_wait()
    {
        await using var test = await StartProbedAsync();
        var start = test.Time.GetUtcNow();
        foreach (var (name, tenant) in ((string, string)[])[("b", Some.Tenant), ("c", Some.Tenant), ("other", Some.OtherTenant)])
        {
            var one = Probed(test, name);
            await test.ApplyAsync(one with { Spec = one.Spec with { TenantId = tenant } });
        }

        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1));

        var times = Entries(test).Skip(1).GroupBy(entry => entry.Request.TenantId!).ToDictionary(group => group.Key, Times);
        Assert.True(Assert.Single(times[Some.OtherTenant]) < ProbeLanes.Gap);
        Assert.Equal(2, times[Some.Tenant].Count);
        Assert.True(times[Some.Tenant][0] >= ProbeLanes.Gap - TimeSpan.FromSeconds(1));
        Assert.True(times[Some.Tenant][1] - times[Some.Tenant][0] >= ProbeLanes.Gap);

        List<TimeSpan> Times(IEnumerable<LedgerEntry> entries) => [.. entries.Select(entry => entry.Time - start)];
    }

    [Fact]
    public async Task An_API_that_hangs_holds_up_no_token()
    {
        var release = new TaskCompletionSource();
        await using var test = await StartReadyAsync("""{"probe": null}""");
        var held = new Fault.Hold(release.Task);
        test.Provider.Faults.Always(held, StandInEndpoint.Api);
        await test.ChangeConnectionAsync("""{"probe": {"enabled": true}}""");
        await held.Reached.WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        foreach (var number in Enumerable.Range(0, 10))
        {
            await test.ApplyAsync(Probed(test, $"more-{number}"));
        }

        foreach (var number in Enumerable.Range(0, 10))
        {
            await test.UntilReadyAsync($"more-{number}");
        }

        test.Provider.Faults.Clear();
        release.SetResult();
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is(ConditionType.TokenAccepted, "True"));
    }

    [Fact]
    public async Task What_somebody_else_wrote_into_the_Secret_is_sent_nowhere()
    {
        await using var test = await StartProbedAsync();
        test.Cluster.Before = (verb, kind, _) =>
            verb == "update" && kind == Secret.ResourceKind ? throw new HttpRequestException("no") : Task.CompletedTask;
        await test.PatchAsync<Secret>("acme-production-token", """{"data": {"access_token": "Zm9yZWlnbg=="}}""");

        await test.AnnotateAsync(VismaNames.ProbeRequestedAtAnnotation, "one");
        await test.AdvanceAsync(TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(20));

        Assert.Equal(["answered"], Probes(test).Distinct());
    }

    [Fact]
    public async Task A_changed_path_is_probed_at_once()
    {
        await using var test = await StartProbedAsync();
        await test.AdvanceAsync(ProbeLanes.Gap);

        await test.ChangeConnectionAsync("""{"probe": {"path": "/nothing"}}""");
        await test.UntilIdleAsync();

        var connection = await test.ConnectionAsync();
        var condition = connection.Condition(ConditionType.TokenAccepted)!;
        Assert.Equal((Reason.ApiPathNotFound, connection.Metadata.Generation), (condition.Reason, condition.ObservedGeneration));
        Assert.Equal(1, test.TokenRequests);
    }

    private static IEnumerable<(string?, string?)> Events(TestOperator test) =>
        test.EventsAbout(Some.Connection).Select(happened => (happened.Type, happened.Reason));
}
