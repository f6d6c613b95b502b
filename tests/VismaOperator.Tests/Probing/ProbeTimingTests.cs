using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Probing;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Probing.ProbingScene;

namespace VismaOperator.Tests.Probing;

/// <summary>When probes are made: of many connections, of a host that does not answer, and after a change.</summary>
public sealed class ProbeTimingTests
{
    private static readonly TimeSpan hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task A_change_that_no_probe_depends_on_is_not_probed_and_the_condition_keeps_up_with_it()
    {
        await using var test = await StartProbedAsync();
        await test.AdvanceAsync(ProbeLanes.Gap);

        await test.ChangeConnectionAsync("""{"displayName": "Acme AS", "probe": {"interval": "2h"}}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(20));

        var connection = await test.ConnectionAsync();
        Assert.Single(Probes(test));
        Assert.Equal(connection.Metadata.Generation, connection.Condition(ConditionType.TokenAccepted)!.ObservedGeneration);

        await test.StopAsync();
        test.Start();
        await test.UntilIdleAsync();
        await test.ChangeConnectionAsync("""{"displayName": "Acme"}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(20));
        Assert.Single(Probes(test));
    }

    [Theory]
    [InlineData("""{"baseURL": null, "apiVersion": "v2"}""", "spec.probe.path: /dimension", "such as /customerinvoice?pageSize=1")]
    [InlineData("""{"probe": {"path": "//evil.example"}}""", "spec.probe.path: the path must begin with one slash", "correct it")]
    [InlineData("""{"probe": {"interval": "1s"}}""", "spec.probe.interval: the interval must be between", "such as 30m")]
    [InlineData("""{"probe": {"interval": "0s"}}""", "spec.probe.interval: the interval must be between", "such as 30m")]
    public async Task A_setting_that_the_schema_refuses_today_is_told_and_stops_no_renewal(string setting, string cause, string remedy)
    {
        await using var test = await StartProbedAsync();
        var right = test.Provider.ApiUrl.OriginalString;
        await test.AdvanceAsync(ProbeLanes.Gap);

        await test.ChangeConnectionAsync(setting); // an object that an earlier schema let in
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(20));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(2));

        var connection = await test.ConnectionAsync();
        var told = connection.Condition(ConditionType.TokenAccepted)!;
        Assert.Equal(("False", Reason.InvalidSpec, connection.Metadata.Generation), (told.Status, told.Reason, told.ObservedGeneration));
        Assert.Contains($"was not sent: {cause}", told.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, told.Message, StringComparison.Ordinal);
        Assert.Null(connection.Condition(ConditionType.Stalled));
        Assert.Equal("True", connection.Condition(ConditionType.Ready)!.Status);
        Assert.Equal((2, 1), (test.TokenRequests, Probes(test).Count));

        var corrected = $$$"""{"baseURL": "{{{right}}}", "apiVersion": "v1", "probe": {"path": "/dimension", "interval": "1h"}}""";
        await test.ChangeConnectionAsync(corrected);
        await test.AdvanceAsync(ProbeLanes.Gap + TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        Assert.Equal("True", (await test.ConnectionAsync()).Condition(ConditionType.TokenAccepted)!.Status);
    }

    [Fact]
    public async Task A_probe_that_is_not_sent_takes_no_turn_of_its_tenant()
    {
        await using var test = await StartProbedAsync();
        await test.ApplyAsync(Probed(test, "other"));
        await test.UntilReadyAsync("other");
        await test.AdvanceAsync(3 * ProbeLanes.Gap, TimeSpan.FromSeconds(1));
        var before = Probes(test).Count;

        await test.ChangeConnectionAsync("""{"probe": {"path": "//evil.example"}}""");
        await test.UntilIdleAsync();
        var told = (await test.ConnectionAsync()).Condition(ConditionType.TokenAccepted)!.Reason;
        await test.AnnotateAsync(VismaNames.ProbeRequestedAtAnnotation, "now", "other");
        await test.UntilIdleAsync();

        Assert.Equal((Reason.InvalidSpec, before + 1), (told, Probes(test).Count));
    }

    [Fact]
    public async Task A_request_that_the_API_refused_is_not_repeated_soon_and_another_one_is_made()
    {
        await using var test = await StartProbedAsync();
        await test.AdvanceAsync(ProbeLanes.Gap);
        await test.ChangeConnectionAsync("""{"probe": {"path": "/nothing"}}""");
        await test.UntilIdleAsync();

        await test.AnnotateAsync(VismaNames.ProbeRequestedAtAnnotation, "one");
        await test.AdvanceAsync(ProbeLanes.GapAfterRefusal - TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        Assert.Equal(2, Probes(test).Count);
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        Assert.Equal((3, "one"), (Probes(test).Count, (await test.ConnectionAsync()).Status.LastHandledProbeAt));

        await test.AdvanceAsync(ProbeLanes.Gap);
        await test.ChangeConnectionAsync("""{"probe": {"path": "/dimension"}}""");
        await test.UntilIdleAsync();
        Assert.Equal("True", (await test.ConnectionAsync()).Condition(ConditionType.TokenAccepted)!.Status);
    }

    [Fact]
    public async Task A_corrected_base_URL_is_probed_as_soon_as_the_gap_of_its_tenant_allows()
    {
        await using var test = await StartReadyAsync("""{"probe": null}""");
        var right = test.Provider.ApiUrl.OriginalString;
        await test.ChangeConnectionAsync($$$"""{"baseURL": "{{{right}}}/service", "probe": {"enabled": true}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        Assert.Equal(Reason.ApiPathNotFound, (await test.ConnectionAsync()).Condition(ConditionType.TokenAccepted)!.Reason);

        await test.ChangeConnectionAsync($$"""{"baseURL": "{{right}}"}""");
        await test.AdvanceAsync(ProbeLanes.Gap + TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

        Assert.Equal("True", (await test.ConnectionAsync()).Condition(ConditionType.TokenAccepted)!.Status);
    }

    [Fact]
    public async Task Another_tenant_that_gets_no_token_leaves_the_condition_to_the_spec_that_was_probed()
    {
        await using var test = await StartProbedAsync();
        var probed = (await test.ConnectionAsync()).Metadata.Generation;

        await test.ChangeConnectionAsync($$"""{"tenantID": "{{Some.UnapprovedTenant}}"}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(20));

        var connection = await test.ConnectionAsync();
        Assert.Equal(probed, connection.Condition(ConditionType.TokenAccepted)!.ObservedGeneration);
        Assert.True(connection.Metadata.Generation > probed);
    }

    [Fact]
    public async Task Probes_whose_time_has_passed_are_spread_and_not_made_up_for_at_once()
    {
        await using var test = await StartManyAsync(20);

        await test.AdvanceAsync(TimeSpan.FromHours(3)); // in one step, as when the machine sleeps or the API was silent

        Assert.InRange(Probes(test).Count, 20, 25); // not more than fell due in the last minute
        await test.AdvanceAsync(hour, TimeSpan.FromSeconds(30));
        Assert.InRange(Probes(test).Count, 40, 45);
    }

    [Fact]
    public async Task A_restart_of_many_probes_none_of_them_at_once()
    {
        await using var test = await StartManyAsync(20);
        await test.StopAsync();
        test.Time.Advance(TimeSpan.FromHours(3));

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));

        Assert.InRange(Probes(test).Count, 20, 23);
        await test.AdvanceAsync(hour, TimeSpan.FromSeconds(30));
        Assert.InRange(Probes(test).Count, 40, 43);
    }

    [Fact]
    public async Task A_host_that_hangs_holds_up_no_other_host()
    {
        var release = new TaskCompletionSource();
        Fault.Hold[] held = [new(release.Task), new(release.Task)];
        await using var test = await StartReadyAsync("""{"probe": null}""");
        test.Provider.Faults.Next(held[0], endpoint: StandInEndpoint.Api);
        test.Provider.Faults.Next(held[1], endpoint: StandInEndpoint.Api);
        for (var number = 0; number < 6; number++)
        {
            await ApplyTenantAsync(test, number);
        }

        await test.UntilIdleAsync(); // a wait that is begun while the clock moves begins after it
        test.Time.Advance(TimeSpan.FromSeconds(2));
        await Task.WhenAll(held.Select(hold => hold.Reached)) // or the other host would meet one of them
            .WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        await test.ApplyAsync(With(Probed(test, "other"), spec => spec with { BaseUrl = OtherHost(test).OriginalString }));
        await test.UntilReadyAsync("other");
        test.Time.Advance(TimeSpan.FromSeconds(1));
        await test.UntilSeenAsync();
        test.Time.Advance(TimeSpan.FromSeconds(1)); // for a wait that was begun while the clock moved; there is no rest while two are held

        await test.UntilAsync<VismaConnection>("other", connection => connection.Is(ConditionType.TokenAccepted, "True"));
        Assert.Equal(0, Counted(test, "accepted"));
        release.SetResult();
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        Assert.Equal(6, Counted(test, "accepted"));
    }

    [Fact]
    public async Task Whoever_leads_no_more_sends_nothing()
    {
        var leadership = new Leadership();
        await using var test = await StartReadyAsync("""{"probe": null}""", context: context => context with { Leadership = leadership });
        test.Cluster.Before = (verb, kind, _) =>
        {
            leadership.IsLeader &= !(verb == "get" && kind == Secret.ResourceKind); // lost while the token is read
            return Task.CompletedTask;
        };

        await test.ChangeConnectionAsync("""{"probe": {"enabled": true}}""");
        await leadership.Refused.WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);

        Assert.Empty(Probes(test));
    }

    private static async Task<TestOperator> StartManyAsync(int count)
    {
        var test = await StartReadyAsync("""{"probe": null}""");
        for (var number = 0; number < count; number++)
        {
            await ApplyTenantAsync(test, number);
        }

        await test.AdvanceAsync(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));
        Assert.Equal(count, Probes(test).Count);
        return test;
    }

    private static async Task ApplyTenantAsync(TestOperator test, int number)
    {
        var tenant = $"00000000-0000-4000-8000-{number:D12}";
        test.Provider.Portal.Set(new StandInTenant(tenant));
        await test.ApplyAsync(With(Probed(test, $"of-{number}"), spec => spec with { TenantId = tenant }));
        await test.UntilReadyAsync($"of-{number}");
    }

    private static VismaConnection With(VismaConnection connection, Func<VismaConnectionSpec, VismaConnectionSpec> change) =>
        connection with { Spec = change(connection.Spec) };

    /// <summary>Leads until told otherwise, and tells when somebody was refused for it.</summary>
    private sealed class Leadership : ILeadership
    {
        private readonly TaskCompletionSource refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsLeader { get; set; } = true;

        public TimeSpan Remaining => TimeSpan.MaxValue;

        public Task Refused => refused.Task;

        public void EnsureLeader()
        {
            if (!IsLeader)
            {
                refused.TrySetResult();
                throw new LeadershipLostException("this process leads no more");
            }
        }

        public Task WaitUntilLeaderAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
