namespace VismaOperator.Tests.Support;

public sealed class SettableTimeTests
{
    private readonly SettableTime time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task What_is_due_has_run_when_Advance_returns_although_another_thread_is_inside_a_timer()
    {
        using var inside = new SemaphoreSlim(0);
        using var leave = new SemaphoreSlim(0);
        var hasRun = false;
        await using var due = time.CreateTimer(_ => hasRun = true, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        var other = Task.Run(
            () => time.CreateTimer(
                _ =>
                {
                    inside.Release();
                    leave.Wait(TestContext.Current.CancellationToken);
                },
                null,
                TimeSpan.Zero,
                Timeout.InfiniteTimeSpan
            ),
            TestContext.Current.CancellationToken
        );
        await inside.WaitAsync(TestContext.Current.CancellationToken);

        time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(hasRun);
        leave.Release();
        await (await other).DisposeAsync();
    }

    [Fact]
    public async Task Timers_run_in_the_order_in_which_they_are_due_and_again_where_they_have_a_period()
    {
        var ran = new List<string>();
        await using var late = time.CreateTimer(_ => ran.Add("late"), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        await using var again = time.CreateTimer(_ => ran.Add("again"), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        await using var gone = time.CreateTimer(_ => ran.Add("gone"), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        await gone.DisposeAsync();

        time.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal(["again", "late", "again"], ran);
    }

    [Fact]
    public void A_step_moves_the_wall_clock_only()
    {
        var begun = time.GetTimestamp();

        time.Step(-TimeSpan.FromHours(1));
        time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(new DateTimeOffset(2026, 11, 23, 11, 0, 5, TimeSpan.Zero), time.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(5), time.GetElapsedTime(begun));
    }
}
