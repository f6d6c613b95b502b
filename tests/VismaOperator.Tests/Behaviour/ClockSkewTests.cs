using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>The clock of the operator's machine is wrong. The provider's answers tell, and so do we.</summary>
public sealed class ClockSkewTests
{
    [Theory]
    [InlineData(-2, "2 h 0 min ahead of")]
    [InlineData(2, "2 h 0 min behind")]
    public async Task A_clock_two_hours_off_is_reported_once_in_log_and_event_and_in_the_message_while_it_lasts(int hours, string words)
    {
        await using var test = await TestOperator.StartReadyAsync(prepared => prepared.Provider.ClockOffset = TimeSpan.FromHours(hours));
        await RenewAsync(test);
        await RenewAsync(test);

        var line = Assert.Single(
            test.Logs.Lines,
            line => line.Contains("The clock of the operator's machine is", StringComparison.Ordinal)
        );
        Assert.Contains(words, line, StringComparison.Ordinal);
        var told = Assert.Single(test.EventsAbout(Some.Client), happened => happened.Reason == "ClockSkewed");
        Assert.Equal("Warning", told.Type);
        Assert.Contains(words, told.Note, StringComparison.Ordinal);
        var ready = (await test.FindAsync<OAuthClient>(Some.Client))!.Condition("Ready")!;
        Assert.Equal("True", ready.Status);
        Assert.Contains($"ClockSkewed: {told.Note}", ready.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(26, "26 h 0 min behind the clock of p")]
    [InlineData(24 * 12, "12 days behind the clock of p")]
    [InlineData(24 * 365 * 7000L, "more than 10 years behind the clock of p")]
    public void A_difference_is_reported_in_readable_units(long hours, string words) =>
        Assert.EndsWith(words, ClockWatch.Words(-TimeSpan.FromHours(hours), "p"), StringComparison.Ordinal);

    [Fact]
    public async Task Once_the_clocks_agree_again_that_is_logged_once_and_the_message_is_as_before()
    {
        await using var test = await TestOperator.StartReadyAsync(prepared => prepared.Provider.ClockOffset = TimeSpan.FromHours(2));
        test.Provider.ClockOffset = TimeSpan.Zero;
        await RenewAsync(test);
        await RenewAsync(test);

        Assert.Single(test.Logs.Lines, line => line.Contains("agree again", StringComparison.Ordinal));
        Assert.DoesNotContain(
            "ClockSkewed",
            (await test.FindAsync<OAuthClient>(Some.Client))!.Condition("Ready")!.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Lifetimes_do_not_follow_the_providers_clock()
    {
        await using var test = await TestOperator.StartReadyAsync(prepared => prepared.Provider.ClockOffset = TimeSpan.FromHours(-2));

        Assert.Equal(test.Time.GetUtcNow() + TimeSpan.FromHours(1), (await test.ConnectionAsync()).Status.Token!.ExpirationTime);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(59)]
    [InlineData(-59)]
    public async Task Less_than_a_minute_is_not_worth_a_word(int seconds)
    {
        await using var test = await TestOperator.StartReadyAsync(prepared =>
            prepared.Provider.ClockOffset = TimeSpan.FromSeconds(seconds)
        );

        Assert.DoesNotContain(test.Logs.Lines, line => line.Contains("The clock of the operator's machine is", StringComparison.Ordinal));
        Assert.DoesNotContain(test.EventsAbout(Some.Client), happened => happened.Reason == "ClockSkewed");
    }

    [Fact]
    public async Task A_clock_at_the_edge_does_not_begin_and_end_a_problem_with_every_answer()
    {
        await using var test = await TestOperator.StartReadyAsync(prepared => prepared.Provider.ClockOffset = TimeSpan.FromSeconds(70));
        foreach (var seconds in new[] { 55, 65, 50, 70, 45 })
        {
            test.Provider.ClockOffset = TimeSpan.FromSeconds(seconds);
            await RenewAsync(test);
        }

        Assert.Single(test.Logs.Lines, line => line.Contains("The clock of the operator's machine is", StringComparison.Ordinal));
        Assert.DoesNotContain(test.Logs.Lines, line => line.Contains("agree again", StringComparison.Ordinal));
    }

    private static async Task RenewAsync(TestOperator test) => await test.AdvanceAsync(TimeSpan.FromMinutes(45));
}
