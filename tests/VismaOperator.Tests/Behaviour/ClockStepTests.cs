using Kubernetes.Client.Resources;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// The wall clock is set back or forward while the operator runs. What was due at a moment starts within two seconds of it, whatever the
/// clock says by then.
/// </summary>
public sealed class ClockStepTests
{
    private static readonly TimeSpan second = TimeSpan.FromSeconds(1);

    /// <summary>Less than anybody's tolerance, less than the age of what is recorded, and more than it.</summary>
    public static TheoryData<double> StepsBack => [2, 20, 55, 600, 1800, 6 * 3600, 30 * 86_400.0];

    [Theory]
    [MemberData(nameof(StepsBack))]
    public async Task A_clock_that_is_set_back_puts_no_renewal_off(double seconds)
    {
        await using var test = await TestOperator.StartReadyAsync();
        var wait = (await test.ConnectionAsync()).Status.Token!.RefreshTime!.Value - test.Time.GetUtcNow();
        await test.AdvanceAsync(wait - TimeSpan.FromSeconds(70));

        test.Time.Step(-TimeSpan.FromSeconds(seconds));
        await test.AdvanceAsync(TimeSpan.FromSeconds(72), second);

        Assert.Equal(2, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(StepsBack))]
    public async Task A_clock_that_is_set_back_just_after_a_renewal_puts_the_next_one_not_off(double seconds)
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync((await test.ConnectionAsync()).Status.Token!.RefreshTime!.Value - test.Time.GetUtcNow() + second, second);
        Assert.Equal(2, test.TokenRequests);
        var wait = (await test.ConnectionAsync()).Status.Token!.RefreshTime!.Value - test.Time.GetUtcNow();

        test.Time.Step(-TimeSpan.FromSeconds(seconds));
        await test.AdvanceAsync(wait + (2 * second), second);

        Assert.Equal(3, test.TokenRequests);
    }

    [Fact]
    public async Task A_Secret_with_too_late_an_expiry_after_a_clock_was_set_back_is_repaired_without_a_token_request()
    {
        await using var test = await TestOperator.StartReadyAsync();

        test.Time.Step(-TimeSpan.FromMinutes(20));
        await test.AdvanceAsync(2 * second, second);

        Assert.Equal("2026-11-23T12:40:00Z", (await test.TokenSecretAsync()).Text("expires_at"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_Secret_that_could_not_be_repaired_while_suspended_is_repaired_by_the_next_process()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await test.UntilIdleAsync();
        test.Time.Step(-TimeSpan.FromMinutes(20));
        await test.AdvanceAsync(2 * second, second);
        var (recorded, suspended) = ((await test.ConnectionAsync()).Status.Token!, (await test.TokenSecretAsync()).Text("expires_at"));
        await test.StopAsync();

        test.Start();
        await test.ChangeConnectionAsync("""{"suspend": false}""");
        await test.AdvanceAsync(2 * second, second);

        Assert.Equal(new DateTimeOffset(2026, 11, 23, 12, 40, 0, TimeSpan.Zero), recorded.ExpirationTime);
        Assert.Equal("2026-11-23T13:00:00Z", suspended);
        Assert.Equal("2026-11-23T12:40:00Z", (await test.TokenSecretAsync()).Text("expires_at"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(StepsBack))]
    public async Task A_clock_that_is_set_back_puts_no_attempt_off(double seconds)
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Faults.Always(Fault.ServerError(503));
        await test.AdvanceAsync(TimeSpan.FromMinutes(50), second);
        Assert.True((await test.ConnectionAsync()).Status.Failure!.Attempts > 3);
        var wait = (await test.ConnectionAsync()).Status.Failure!.NextAttemptTime!.Value - test.Time.GetUtcNow();
        var before = test.TokenRequests;

        test.Time.Step(-TimeSpan.FromSeconds(seconds));
        await test.AdvanceAsync(wait + (2 * second), second);

        Assert.True(test.TokenRequests > before, $"nothing was tried within {wait}");
    }

    [Fact]
    public async Task A_token_that_expires_after_the_clock_was_set_back_is_not_called_Ready_any_longer_than_it_lives()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Faults.Always(Fault.ServerError(503));
        await test.AdvanceAsync(TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(1));
        var wait = (await test.ConnectionAsync()).Status.Token!.ExpirationTime!.Value - test.Time.GetUtcNow();

        test.Time.Step(-TimeSpan.FromMinutes(20));
        await test.AdvanceAsync(wait - (5 * second), second);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        await test.AdvanceAsync(7 * second, second);

        Assert.True((await test.ConnectionAsync()).Is("Ready", "False"));
    }

    [Theory]
    [MemberData(nameof(StepsBack))]
    public async Task A_refused_client_is_tried_again_in_time(double seconds)
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = [new StandInSecret("a-new-one-in-the-portal")] });
        await test.AdvanceAsync(TimeSpan.FromMinutes(50), TimeSpan.FromSeconds(10));
        var wait = (await test.FindAsync<OAuthClient>(Some.Client))!.Status.Refusal!.RetryTime!.Value - test.Time.GetUtcNow();
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = [new StandInSecret(Some.ClientSecret)] });

        test.Time.Step(-TimeSpan.FromSeconds(seconds));
        await test.AdvanceAsync(wait + (2 * second), second);

        Assert.Null((await test.ConnectionAsync()).Condition("Stalled"));
    }

    [Theory]
    [MemberData(nameof(StepsBack))]
    public Task A_refused_client_is_tried_again_in_time_by_a_process_that_starts_after_the_step(double seconds) =>
        RefusedAndStartedAgainAsync(_ => TimeSpan.FromSeconds(seconds));

    [Fact]
    public async Task A_failure_far_ahead_of_the_clock_keeps_no_process_that_starts_from_trying_at_once()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Faults.Always(Fault.ServerError(503));
        await test.AdvanceAsync(TimeSpan.FromMinutes(50), TimeSpan.FromSeconds(10));
        test.Provider.Faults.Clear();
        await test.StopAsync();

        test.Time.Step(-TimeSpan.FromHours(2));
        test.Start();
        await test.AdvanceAsync(2 * second, second);

        Assert.Null((await test.ConnectionAsync()).Status.Failure);
    }

    // When the client is tried again, the clock is so near the time of the refusal that the record could be from another machine.
    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(59)]
    public Task A_refused_client_is_tried_again_in_time_by_a_process_whose_clock_comes_near_the_time_of_the_refusal(double seconds) =>
        RefusedAndStartedAgainAsync(wait => wait + TimeSpan.FromSeconds(seconds));

    private static async Task RefusedAndStartedAgainAsync(Func<TimeSpan, TimeSpan> stepBack)
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = [new StandInSecret("a-new-one-in-the-portal")] });
        await test.AdvanceAsync(TimeSpan.FromMinutes(42), TimeSpan.FromSeconds(10));
        var longest = TimeSpan.FromMinutes(1 << ((await test.FindAsync<OAuthClient>(Some.Client))!.Status.Refusal!.Attempts - 1));
        var age = test.Time.GetUtcNow() - (await test.ConnectionAsync()).Status.Failure!.LastFailureTime!.Value;
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = [new StandInSecret(Some.ClientSecret)] });
        await test.StopAsync();

        test.Time.Step(-stepBack(longest + age));
        test.Start();
        await test.AdvanceAsync(longest + (2 * second), second);

        Assert.Null((await test.ConnectionAsync()).Condition("Stalled"));
    }

    [Theory]
    [MemberData(nameof(StepsBack))]
    public async Task Patience_with_what_a_client_lacks_ends_in_time(double seconds)
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(test.Client());
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), second);

        test.Time.Step(-TimeSpan.FromSeconds(seconds));
        await test.AdvanceAsync(TimeSpan.FromSeconds(32), second);

        Assert.Equal("SecretNotFound", (await test.FindAsync<OAuthClient>(Some.Client))!.Condition("Stalled")?.Reason);
    }

    [Theory]
    [MemberData(nameof(StepsBack))]
    public async Task A_clients_connections_are_counted_in_time(double seconds)
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), second);
        await test.ApplyAsync(Some.VismaConnection() with { Metadata = new() { Name = "second", Namespace = Some.Namespace } });
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), second);
        await test.ApplyAsync(Some.VismaConnection() with { Metadata = new() { Name = "third", Namespace = Some.Namespace } });
        await test.UntilIdleAsync();

        test.Time.Step(-TimeSpan.FromSeconds(seconds));
        await test.AdvanceAsync(TimeSpan.FromSeconds(52), second);

        Assert.Equal(3, (await test.FindAsync<OAuthClient>(Some.Client))!.Status.Connections);
    }

    [Theory]
    [MemberData(nameof(StepsBack))]
    public async Task A_requested_refresh_whose_turn_had_come_is_attempted_in_time(double seconds)
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "first");
        await test.UntilIdleAsync();
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "second");
        await test.UntilIdleAsync();

        test.Time.Step(-TimeSpan.FromSeconds(seconds));
        await test.AdvanceAsync(TimeSpan.FromSeconds(13), second);

        Assert.Equal("second", (await test.ConnectionAsync()).Status.LastHandledReconcileAt);
    }

    [Theory]
    [MemberData(nameof(StepsBack))]
    public async Task The_grant_of_a_deleted_connection_ends_in_time(double seconds)
    {
        await using var test = await StartConsentedAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), second);

        test.Time.Step(-TimeSpan.FromSeconds(seconds));
        await test.AdvanceAsync(TimeSpan.FromMinutes(5) + (2 * second), second);

        Assert.Null(await test.FindAsync<Secret>(Some.Connection + AuthorizationSpec.GrantSecretSuffix));
    }

    [Fact]
    public async Task A_clock_that_is_set_forward_ends_no_grant_early()
    {
        await using var test = await StartConsentedAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), second);

        test.Time.Step(TimeSpan.FromHours(2));
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), second);

        Assert.NotNull(await test.FindAsync<Secret>(Some.Connection + AuthorizationSpec.GrantSecretSuffix));
    }

    [Fact]
    public async Task A_clock_that_is_set_forward_has_what_is_due_by_it_done_within_two_seconds()
    {
        await using var test = await TestOperator.StartReadyAsync();

        test.Time.Step(TimeSpan.FromMinutes(55));
        await test.AdvanceAsync(2 * second, second);

        Assert.Equal(2, test.TokenRequests);
    }
}
