using CsCheck;
using Kubernetes.Client;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Tests.Doubles;
using Xunit;

namespace Kubernetes.Controllers.Tests.Queueing;

/// <summary>Random schedules, stalls and steps of the clock, on timers as strict as those of the system.</summary>
public sealed class WorkQueueClockTests
{
    private static readonly Gen<TimeSpan> lengths = Gen.OneOf(
        Gen.Double[0, 3].Select(TimeSpan.FromMilliseconds),
        Gen.Double[0, 90].Select(TimeSpan.FromSeconds),
        Gen.Double[0, 50].Select(TimeSpan.FromHours),
        Gen.Double[0, 400].Select(TimeSpan.FromDays));

    private static readonly Gen<TimeSpan> steps = Gen.OneOf(
        lengths,
        lengths.Select(length => -length),
        Gen.Double[-9000, 9000].Select(years => TimeSpan.FromDays(365 * years)),
        Gen.Bool.Select(isAhead => isAhead ? TimeSpan.MaxValue : TimeSpan.MinValue));

    private static readonly Gen<Operation> operations = Gen.OneOf(
        Gen.Select(Gen.Int[0, 9], lengths, (key, wait) => new Operation(Verb.Schedule, wait, key)),
        Gen.Select(Gen.Int[0, 9], lengths, (key, wait) => new Operation(Verb.Schedule, wait, key)),
        Gen.Select(Gen.Int[0, 9], lengths, (key, wait) => new Operation(Verb.Fail, wait, key)),
        steps.Select(by => new Operation(Verb.Step, by, 0)),
        lengths.Select(length => new Operation(Verb.Stall, length, 0)),
        lengths.Select(length => new Operation(Verb.Pass, length, 0)));

    private enum Verb
    {
        Schedule,
        Fail,
        Step,
        Stall,
        Pass,
    }

    [Fact]
    public void A_due_key_is_handed_out_within_two_seconds_for_any_steps_of_the_clocks() => operations.Array[1, 30].Sample(
        operations =>
        {
            using var run = new Run();
            foreach (var operation in operations)
            {
                run.Do(operation);
            }
        },
        iter: 2000);

    [Theory]
    [InlineData(-30)]
    [InlineData(-3600)]
    [InlineData(-3600 * 24 * 365)]
    public void A_key_scheduled_before_the_clock_was_set_back_is_handed_out_within_two_seconds(int seconds)
    {
        var time = new StrictTime();
        using var queue = new WorkQueue(time, BackoffOptions.ForKeys, () => 0.5);
        queue.AddAt(new NamespacedName("ns", "a"), time.GetUtcNow().AddMinutes(40));

        time.Step(TimeSpan.FromSeconds(seconds));
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(1, queue.Depth);
    }

    [Fact]
    public void Small_steps_back_do_not_add_up()
    {
        var time = new StrictTime();
        using var queue = new WorkQueue(time, BackoffOptions.ForKeys, () => 0.5);
        queue.AddAt(new NamespacedName("ns", "a"), time.GetUtcNow().AddMinutes(1));

        for (var second = 0; second < 60; second++)
        {
            time.Step(TimeSpan.FromMilliseconds(-400));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1, queue.Depth);
    }

    [Fact]
    public async Task A_decision_by_a_clock_that_was_set_back_is_made_again()
    {
        var (time, key) = (new StrictTime(), new NamespacedName("ns", "a"));
        using var queue = new WorkQueue(time, BackoffOptions.ForKeys, () => 0.5);
        queue.Add(key);
        await queue.TakeAsync(CancellationToken.None);
        var decided = time.GetUtcNow().AddMinutes(40);

        time.Step(TimeSpan.FromDays(-365));
        queue.AddAt(key, decided);
        queue.Done(key);

        Assert.Equal(1, queue.Depth);
    }

    private sealed record Operation(Verb Verb, TimeSpan Length, int Key);

    /// <summary>
    /// When a key must be handed out: not before the earliest instant, at the latest instant, and after the wait that was asked for.
    /// </summary>
    private sealed record Row(DateTimeOffset Earliest, DateTimeOffset Latest, long MadeAt, TimeSpan Wait);

    /// <summary>A table with one row per key, and what must hold of it after every operation.</summary>
    private sealed class Run : IDisposable
    {
        /// <summary>What a step back may go unnoticed by.</summary>
        private static readonly TimeSpan tolerance = TimeSpan.FromMilliseconds(500);

        private readonly StrictTime time = new();
        private readonly Dictionary<string, Row> rows = [];
        private readonly WorkQueue queue;
        private bool wasSetBack;

        public Run() => queue = new(time, BackoffOptions.ForKeys, () => 0.5);

        public void Dispose() => queue.Dispose();

        public void Do(Operation operation)
        {
            switch (operation.Verb)
            {
                case Verb.Schedule:
                    Schedule(operation);
                    break;
                case Verb.Fail:
                    queue.AddAfterFailure(Key(operation), operation.Length);
                    Note(operation, TimeSpan.FromTicks(Math.Min(operation.Length.Ticks, TimeSpan.TicksPerHour)));
                    break;
                case Verb.Step:
                    wasSetBack |= operation.Length < TimeSpan.Zero;
                    time.Step(operation.Length);
                    break;
                case Verb.Stall:
                    time.Stall(operation.Length);
                    break;
                default:
                    time.Advance(operation.Length);
                    break;
            }

            var (wall, monotonic) = (time.GetUtcNow(), time.GetTimestamp());
            time.Advance(TimeSpan.FromSeconds(1));
            time.Advance(TimeSpan.FromSeconds(1));
            TakeAll();
            Assert.All(rows, row => Assert.True(row.Value.Latest > wall, $"{row.Key} was due by the wall clock"));
            Assert.All(
                rows,
                row =>
                    Assert.True(
                        time.GetElapsedTime(row.Value.MadeAt, monotonic) <= row.Value.Wait + tolerance,
                        $"{row.Key} was due by the monotonic clock"
                    )
            );
        }

        private void Schedule(Operation operation)
        {
            queue.AddAt(Key(operation), After(operation.Length));
            Note(operation, operation.Length);
        }

        private static NamespacedName Key(Operation operation) => new("ns", $"{operation.Key}");

        private DateTimeOffset After(TimeSpan wait) =>
            wait < DateTimeOffset.MaxValue - time.GetUtcNow() ? time.GetUtcNow() + wait : DateTimeOffset.MaxValue;

        // The earliest wins. A failure waits for the backoff as well, of which the table knows only the maximum.
        private void Note(Operation operation, TimeSpan wait)
        {
            var isFailure = operation.Verb == Verb.Fail;
            var longest = isFailure ? wait + BackoffOptions.ForKeys.Maximum : wait;
            var row = new Row(isFailure ? time.GetUtcNow() : After(wait), After(longest), time.GetTimestamp(), longest);
            var name = Key(operation).Name;
            var earlier = rows.TryGetValue(name, out var present) && present.Latest <= row.Latest ? present : row;
            rows[name] = earlier with
            {
                Earliest = present is not null && present.Earliest < row.Earliest ? present.Earliest : row.Earliest,
            };
        }

        private void TakeAll()
        {
            while (queue.Depth > 0)
            {
                var taking = queue.TakeAsync(CancellationToken.None).AsTask();
                Assert.True(taking.IsCompletedSuccessfully);
                var key = taking.Result;
                Assert.True(
                    wasSetBack || !rows.TryGetValue(key.Name, out var row) || row.Earliest <= time.GetUtcNow(),
                    "handed out too early"
                );
                rows.Remove(key.Name);
                queue.Done(key);
            }
        }
    }
}
