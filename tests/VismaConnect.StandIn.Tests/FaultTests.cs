namespace VismaConnect.StandIn.Tests;

public sealed class FaultTests
{
    [Fact]
    public async Task A_counted_fault_is_used_up_in_order()
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Faults.Next(Fault.ServerError(503), count: 2);
        running.StandIn.Faults.Next(Fault.TooManyRequests(TimeSpan.FromSeconds(30)));

        Assert.Equal(503, (await running.AskAsync()).Status);
        Assert.Equal(503, (await running.AskAsync()).Status);
        var throttled = await running.AskAsync();
        Assert.Equal((429, TimeSpan.FromSeconds(30)), (throttled.Status, throttled.RetryAfter!.Delta));
        Assert.Equal(200, (await running.AskAsync()).Status);
    }

    [Fact]
    public async Task A_lasting_fault_ends_when_cleared_and_may_be_one_tenants_alone()
    {
        const string other = "11111111-2222-3333-4444-555555555555";
        await using var running = await Running.StartAsync();
        running.StandIn.Portal.Set(new StandInTenant(other));
        running.StandIn.Faults.Always(Fault.Error(new StandInError("server_error")), tenantId: other);

        Assert.Equal("server_error", (await running.AskAsync(("tenant_id", other))).Error);
        Assert.Equal("server_error", (await running.AskAsync(("tenant_id", other))).Error);
        Assert.Equal(200, (await running.AskAsync()).Status);
        running.StandIn.Faults.Clear();
        Assert.Equal(200, (await running.AskAsync(("tenant_id", other))).Status);
    }

    [Fact]
    public async Task Retry_After_can_be_a_date()
    {
        await using var running = await Running.StartAsync();
        var date = running.Time.GetUtcNow().AddMinutes(2);
        running.StandIn.Faults.Next(Fault.TooManyRequestsUntil(date));

        Assert.Equal(date, (await running.AskAsync()).RetryAfter!.Date);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_cut_off_leaves_a_token_in_the_ledger(bool isDuring)
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Faults.Next(isDuring ? new Fault.CutDuringAnswer() : new Fault.CutAfterProcessing());

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => running.AskAsync());

        Assert.Equal("granted, then cut", running.StandIn.Ledger.TokenRequests.Single().Outcome);
        Assert.Equal(2, running.StandIn.Ledger.AllSecretsIssued().Count);
    }

    [Fact]
    public async Task A_cut_before_processing_issues_nothing()
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Faults.Next(new Fault.CutBefore());

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => running.AskAsync());

        Assert.False(running.StandIn.Ledger.TokenRequests.Single().IsGranted);
        Assert.Equal([Running.Secret], running.StandIn.Ledger.AllSecretsIssued());
    }

    [Fact]
    public async Task A_slow_request_waits_for_the_injected_clock()
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Faults.Next(new Fault.Slow(TimeSpan.FromMinutes(1)));
        var asking = running.AskAsync();
        await running.StandIn.Ledger.WaitForInFlightAsync(1, TestContext.Current.CancellationToken);
        Assert.Empty(running.StandIn.Ledger.TokenRequests);

        while (!asking.IsCompleted)
        {
            running.Time.Advance(TimeSpan.FromMinutes(1)); // the delay may begin just after the request is counted
            await Task.Yield();
        }

        Assert.Equal(200, (await asking).Status);
    }

    [Fact]
    public async Task Held_requests_are_counted_at_once_and_go_on_when_released()
    {
        await using var running = await Running.StartAsync();
        var release = new TaskCompletionSource();
        running.StandIn.Faults.Next(new Fault.Hold(release.Task), count: 3);
        var asking = Enumerable.Range(0, 3).Select(_ => running.AskAsync()).ToList();
        await running.StandIn.Ledger.WaitForInFlightAsync(3, TestContext.Current.CancellationToken);

        release.SetResult();

        Assert.All(await Task.WhenAll(asking), answer => Assert.Equal(200, answer.Status));
        Assert.Equal(3, running.StandIn.Ledger.MaxInFlight);
    }

    [Fact]
    public async Task Odd_answers_are_as_odd_as_asked_for()
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Faults.Next(Fault.Html());
        running.StandIn.Faults.Next(Fault.Huge(100_000));
        running.StandIn.Faults.Next(Fault.Redirect("https://elsewhere.invalid/"));

        Assert.StartsWith("<!doctype html>", (await running.AskAsync()).Body, StringComparison.Ordinal);
        Assert.InRange((await running.AskAsync()).Body.Length, 100_000, 100_100);
        Assert.Equal(302, (await running.AskAsync()).Status);
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_slow_requests()
    {
        var running = await Running.StartAsync();
        running.StandIn.Faults.Always(new Fault.Slow(TimeSpan.FromDays(1)));
        var asking = running.AskAsync();
        await running.StandIn.Ledger.WaitForInFlightAsync(1, TestContext.Current.CancellationToken);

        await running.StandIn.DisposeAsync();

        Assert.Empty(running.StandIn.Ledger.TokenRequests);
        await Task.WhenAny(asking); // an empty answer or none: both are how a stopped server looks
        running.Http.Dispose();
    }
}
