using Xunit;

namespace Lifecycle.Tests;

public sealed class ClockStoryTests
{
    private static readonly TimeSpan day = TimeSpan.FromDays(1);

    [Fact]
    public void A_clock_that_was_set_back_costs_one_request()
    {
        var story = new Story(Some.Facts()).Reconcile();
        story.Now = Some.Start - day;

        story.Reconcile().Until(Some.Start - day + TimeSpan.FromMinutes(30));

        Assert.Equal([RefreshCause.First, RefreshCause.ClockSetBack], story.Requests.Select(request => request.Cause));
        Assert.True(story.Ready.IsTrue);
    }

    [Fact]
    public void A_clock_that_was_set_back_during_an_outage_does_not_freeze_it()
    {
        var story = new Story(Some.Facts()) { Provider = () => new Answer.Failed(Some.Refused) }.Reconcile();
        story.Now = Some.Start - day;
        story.Provider = () => new Answer.Granted(Some.Hour);

        story.Reconcile();

        Assert.True(story.Ready.IsTrue);
    }
}
