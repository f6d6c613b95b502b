using CsCheck;
using Xunit;

namespace Lifecycle.Tests;

/// <summary>Whole lives of connections, with whatever may happen to them in any order.</summary>
public sealed class StoryProperties
{
    private static readonly Gen<int> anyLifetime = Gen.OneOf(1, 2, 3, 7, 60, 1_200, 3_600, 7_200);

    // How long until it happens, as a part of the lifetime, and what.
    private static readonly Gen<(double After, int What)[]> anyHappenings =
        Gen.Select(Gen.Double[0, 1.5], Gen.Int[0, 24]).Array[1, 25];

    [Fact]
    public void An_earlier_wake_changes_nothing() => Gen.Select(anyLifetime, anyHappenings, Gen.Double[0.001, 0.999]).Sample(
        (lifetime, happenings, early) => Live(lifetime, happenings, story => WakeEarly(story, early)),
        iter: PropertyCases.Few);

    [Fact]
    public void Renewals_that_nobody_asked_for_keep_their_gap() =>
        Gen.Select(anyLifetime, anyHappenings)
            .Sample(
                (lifetime, happenings) =>
                {
                    var story = Live(lifetime, happenings, _ => { });
                    foreach (var (earlier, later) in story.Successes.Zip(story.Successes.Skip(1)))
                    {
                        var gap = later.At - WholeSeconds.Floor(earlier.At);
                        Assert.True(
                            later.Cause != RefreshCause.Due || gap >= RefreshSchedule.EarliestGap(TimeSpan.FromSeconds(lifetime)),
                            $"{later.Cause} after {gap}"
                        );
                        Assert.True(later.Cause != RefreshCause.Lost || gap >= Policy.LeastGap, $"{later.Cause} after {gap}");
                    }
                },
                iter: PropertyCases.Few
            );

    [Fact]
    public void After_any_events_a_quiet_day_ends_Ready() => Gen.Select(anyLifetime, anyHappenings).Sample(
        (lifetime, happenings) =>
        {
            var story = Live(lifetime, happenings, _ => { });
            story.Provider = () => new Answer.Granted(Some.Hour);
            story.WriteProblem = null;
            story.SecretIsDeleted();
            story.Then(facts => facts.Resumed().ClientIs(Some.Facts().Client));

            story.Until(story.Now.AddDays(1));

            Assert.True(story.Ready.IsTrue, story.Ready.Message);
            Assert.Null(story.Report.Failure);
            Assert.True(story.Report.Token!.ExpirationTime - story.Now >= RefreshMargins.Default.MinRemainingValidity);
        },
        iter: PropertyCases.Few);

    private static Story Live(int lifetime, (double After, int What)[] happenings, Action<Story> look)
    {
        var story = new Story(Some.Facts()) { Provider = () => new Answer.Granted(TimeSpan.FromSeconds(lifetime)) }.Reconcile();
        foreach (var (after, what) in happenings)
        {
            look(story);
            story.Until(story.Now + (TimeSpan.FromSeconds(lifetime) * after));
            Happen(story, what, lifetime);
        }

        look(story);
        return story;
    }

    private static void WakeEarly(Story story, double early)
    {
        var (before, requests, writes) = (story.Report, story.Requests.Count, story.SecretWrites);
        var next = before.NextLook ?? story.Now.AddHours(2);
        story.Now += new TimeSpan((long)((next - story.Now).Ticks * early));
        story.Reconcile();

        Assert.Equal((requests, writes), (story.Requests.Count, story.SecretWrites));
        Assert.Equal(before.Conditions, story.Report.Conditions);
        Assert.Equal(before with { Conditions = [], NextLook = null }, story.Report with { Conditions = [], NextLook = null });

        // A Secret of someone else is looked at five minutes after the last look: that moment alone may move.
        Assert.True(
            before.NextLook == story.Report.NextLook || story.Facts.Secret is SecretFacts.Foreign,
            $"{before.NextLook:O} became {story.Report.NextLook:O}"
        );
    }

    private static Story Happen(Story story, int what, int lifetime) => what switch
    {
        0 => story.Then(facts => facts.Requested($"r{story.Now.Ticks}")),
        1 => story.Then(facts => facts.ScopesChanged()),
        2 => story.Then(facts => facts.LayoutChanged()),
        3 => story.Then(facts => facts.Suspended()),
        4 or 5 => story.Then(facts => facts.Resumed()),
        6 => story.Then(facts => facts.ClientMissing()),
        7 => story.Then(facts => facts.ClientRefusing()),
        8 => story.Then(facts => facts.ClientUnusable()),
        9 => story.Then(facts => facts.CredentialChanged()),
        10 => story.Then(facts => facts.ClientChanged()),
        11 or 12 => story.Then(facts => facts.ClientIs(Some.Facts().Client)),
        13 or 14 => story.SecretIsDeleted(),
        15 => story.Facts.Secret is SecretFacts.Owned ? story.SecretIsEdited(new ContentFacts.Healable()) : story,
        16 => story.Facts.Secret is SecretFacts.Owned ? story.SecretIsEdited(new ContentFacts.Lost()) : story,
        17 => story.Facts.Secret is SecretFacts.Owned ? story.Then(facts => facts.SecretTerminating()) : story,
        18 => story.Then(facts => facts.SecretForeign()),
        19 => Answers(story, new Answer.Failed(Some.Outage)),
        20 => Answers(story, new Answer.Failed(Some.Refused, TimeSpan.FromMinutes(2))),
        21 => WritingFails(story, Some.Unwritable),
        22 => WritingFails(story, null),
        23 => story.Then(facts => facts.ClientRefused(story.Now.AddMinutes(7))),
        _ => Answers(story, new Answer.Granted(TimeSpan.FromSeconds(lifetime))),
    };

    private static Story WritingFails(Story story, Problem? problem)
    {
        story.WriteProblem = problem;
        return story.Reconcile();
    }

    private static Story Answers(Story story, Answer answer)
    {
        story.Provider = () => answer;
        return story.Reconcile();
    }
}
