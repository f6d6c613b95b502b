using CsCheck;
using Xunit;
using static Lifecycle.Tests.Some;

namespace Lifecycle.Tests;

/// <summary>Whoever changes the annotation without pause gets an attempt every ten seconds, and the last request is never lost.</summary>
public sealed class RequestGapTests
{
    private static readonly TimeSpan gap = TimeSpan.FromSeconds(10);

    // When the earlier request counts as attempted.
    private static Facts Asked(Facts facts, string value = "b") =>
        facts with
        {
            Connection = facts.Connection with { RequestedAt = value, HandledRequest = "a", HandledRequestTime = Soon },
        };

    public static TheoryData<string, Facts, DateTimeOffset, Decision> Table() =>
        new()
        {
            { "a request inside of the gap waits", Asked(Serving()), Soon.AddSeconds(9), new Decision.Wait(Due) },
            { "and is served when it is over", Asked(Serving()), Soon + gap, new Decision.Request(RefreshCause.Requested) },
            { "a first one is served at once", Serving().Requested(), Soon, new Decision.Request(RefreshCause.Requested) },
            {
                "the client's turn counts, too",
                Serving().Requested().TurnAt(Soon.AddSeconds(30)),
                Soon.AddSeconds(29),
                new Decision.Wait(Due)
            },
            { "the later of the two counts", Asked(Serving()).TurnAt(Soon.AddSeconds(5)), Soon.AddSeconds(9), new Decision.Wait(Due) },
            {
                "at its turn it is served",
                Serving().Requested().TurnAt(Soon.AddSeconds(30)),
                Soon.AddSeconds(30),
                new Decision.Request(RefreshCause.Requested)
            },
            {
                "what is due is not kept waiting",
                Asked(Serving()) with
                {
                    Connection = Asked(Serving()).Connection with { HandledRequestTime = Due },
                },
                Due,
                new Decision.Request(RefreshCause.Due)
            },
            { "a first token is not kept waiting", Asked(Facts()), Soon, new Decision.Request(RefreshCause.First) },
            {
                "a clock that was set back does not keep it waiting for hours",
                Asked(Serving()),
                Soon.AddHours(-5),
                new Decision.Request(RefreshCause.Requested)
            },
        };

    [Theory]
    [MemberData(nameof(Table))]
    public void The_gap_delays_requests_and_nothing_else(string name, Facts facts, DateTimeOffset now, Decision expected) =>
        Assert.True(expected == Policy.Decide(facts, now), $"{name}: {Policy.Decide(facts, now)}");

    [Fact]
    public void An_attempt_of_which_nothing_was_sent_leaves_the_request_open_and_is_made_again_after_the_gap()
    {
        var unsent = Serving().Requested().FailedUnsent(Outage, retryAfter: TimeSpan.FromMinutes(7), Soon, random: 0.5);

        Assert.True(unsent.Connection.HasUnhandledRequest);
        Assert.IsType<Decision.BackOff>(Policy.Decide(unsent, Soon + gap));
        Assert.Equal(new Decision.Request(RefreshCause.Requested), Policy.Decide(unsent, Soon.AddSeconds(1) + gap));
    }

    [Fact]
    public void Attempts_of_which_nothing_was_sent_do_not_use_up_the_quick_retries_of_a_lost_answer()
    {
        var facts = Serving().Requested();
        for (var now = Soon; now < Soon.AddMinutes(1); now += gap + TimeSpan.FromSeconds(1))
        {
            facts = facts.FailedUnsent(Outage, retryAfter: null, now, random: 0.5);
        }

        Assert.Equal(1, facts.Failure!.Attempts);
        Assert.Equal(2, facts.Failed(Outage, retryAfter: null, Soon.AddMinutes(2), random: 0.5).Failure!.Attempts);
    }

    [Fact]
    public void A_request_whose_answer_waits_in_memory_is_answered_though_nothing_was_sent()
    {
        var requested = Serving().Requested();
        var unsent = requested.FailedUnsent(Outage, retryAfter: null, Soon, random: 0.5, requested.Connection.RequestedAt);

        Assert.False(unsent.Connection.HasUnhandledRequest);
    }

    [Fact]
    public void Inside_of_the_gap_a_request_ends_no_backoff()
    {
        var failing = Asked(Serving().FailedWith(Outage, Due) with { Connection = Serving().Connection });
        var waiting = failing with { Connection = failing.Connection with { HandledRequestTime = Due } };

        Assert.IsType<Decision.BackOff>(Policy.Decide(waiting, Due));
        Assert.IsType<Decision.Request>(Policy.Decide(waiting, Due + gap));
    }

    // A refresh token that was refused is tried once more when somebody asks: that must not be free either.
    [Fact]
    public void Inside_of_the_gap_a_refused_refresh_token_is_not_sent_again()
    {
        var refused = Serving() with { Grant = new GrantFacts.Held(SomeGrant.Grant() with { RefusalTime = Soon }) };

        Assert.IsType<Decision.Stall>(Policy.Decide(Asked(refused), Soon.AddSeconds(9)));
        Assert.IsType<Decision.Exchange>(Policy.Decide(Asked(refused), Soon + gap));
    }

    [Fact]
    public void A_waiting_request_is_not_echoed_and_is_made_in_time()
    {
        var facts = Asked(Serving());

        var report = Report.Of(facts, Policy.Decide(facts, Soon), Soon);

        Assert.Equal(("a", Soon), (report.HandledRequest, report.HandledRequestTime));
        Assert.Equal(Soon + gap, report.NextLook);
    }

    [Fact]
    public void A_waiting_request_is_not_echoed_while_the_client_cannot_be_used()
    {
        var facts = Serving().ClientUnusable(Soon.AddHours(1)).Requested().TurnAt(Soon.AddSeconds(20));

        var waiting = Report.Of(facts, Policy.Decide(facts, Soon), Soon);

        Assert.Null(waiting.HandledRequest);
        Assert.Equal(Soon.AddSeconds(20), waiting.NextLook);
    }

    [Fact]
    public void A_write_that_fails_does_not_use_a_waiting_request_up() =>
        Assert.Equal("a", Asked(Serving()).FailedWith(Unwritable, Soon).Connection.HandledRequest);

    [Fact]
    public void Without_a_request_no_time_is_noted()
    {
        Assert.Null(Serving().Succeeded(Token()).Connection.HandledRequestTime);
        Assert.Null(Serving().FailedWith(Outage, Soon).Connection.HandledRequestTime);
    }

    [Fact]
    public void An_attempt_from_beyond_the_gap_is_of_a_clock_that_was_set_back_and_holds_up_nothing()
    {
        var asked = Facts().Requested();

        Assert.False(IsDueAfter(Soon + gap));
        Assert.True(IsDueAfter(Soon + gap + TimeSpan.FromTicks(1)));

        bool IsDueAfter(DateTimeOffset handled) =>
            RequestRules.IsDue(asked with { Connection = asked.Connection with { HandledRequestTime = handled } }, Soon);
    }

    [Fact]
    public void However_often_somebody_asks_attempts_are_ten_seconds_apart_and_the_last_request_is_served() =>
        Gen.Select(Gen.Int[0, 12_000].Array[1, 60], Gen.Bool.Array[60]).Sample((pauses, fails) =>
        {
            var requests = 0;
            var story = new Story(Facts()).Reconcile();
            story.Provider = () => fails[requests % fails.Length] ? new Answer.Failed(Refused) : new Answer.Granted(Hour);
            foreach (var pause in pauses)
            {
                story.Until(story.Now.AddMilliseconds(pause));
                var value = $"{++requests}";
                story.Then(facts => facts.Requested(value));
            }

            story.Until(story.Now + gap + gap);

            var asked = story.Requests.Skip(1).ToList();
            Assert.All(asked.Zip(asked.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= gap, $"{pair.First} {pair.Second}"));
            Assert.Equal($"{requests}", story.Report.HandledRequest);
        });
}
