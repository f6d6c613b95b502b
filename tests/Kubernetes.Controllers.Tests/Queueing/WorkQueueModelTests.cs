using CsCheck;
using Kubernetes.Client;
using Kubernetes.Controllers.Queueing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kubernetes.Controllers.Tests.Queueing;

/// <summary>Random operations on the queue and on a model that is too simple to be wrong: a table with one row per key.</summary>
public sealed class WorkQueueModelTests
{
    private static readonly BackoffOptions backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8));

    private static readonly Gen<Operation> operations = Gen.OneOf(
        Gen.Int[0, 3].Select(key => new Operation(Verb.Add, key, 0)),
        Gen.Select(Gen.Int[0, 3], Gen.Int[-2, 12], (key, seconds) => new Operation(Verb.AddAt, key, seconds)),
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 12], (key, seconds) => new Operation(Verb.Fail, key, seconds)),
        Gen.Int[0, 3].Select(key => new Operation(Verb.Forget, key, 0)),
        Gen.Const(new Operation(Verb.Take, 0, 0)),
        Gen.Const(new Operation(Verb.Take, 0, 0)),
        Gen.Int[0, 3].Select(key => new Operation(Verb.Done, key, 0)),
        Gen.Int[0, 5].Select(seconds => new Operation(Verb.Pass, 0, seconds)));

    private enum Verb
    {
        Add,
        AddAt,
        Fail,
        Forget,
        Take,
        Done,
        Pass,
    }

    [Fact]
    public void Behaves_as_the_model() => operations.Array[1, 80].Sample(
        steps =>
        {
            using var run = new Run();
            foreach (var step in steps)
            {
                run.Do(step);
            }
        },
        iter: 1000);

    private sealed record Operation(Verb Verb, int Key, int Seconds);

    private sealed class Row
    {
        public double? Due { get; set; }

        public double? ReadySince { get; set; }

        public bool IsHeld { get; set; }

        public int Failures { get; set; }
    }

    private sealed class Run : IDisposable
    {
        private readonly FakeTimeProvider time = new();
        private readonly DateTimeOffset start;
        private readonly WorkQueue queue;
        private readonly Row[] rows = [new(), new(), new(), new()];
        private double now;

        public Run()
        {
            start = time.GetUtcNow();
            queue = new(time, backoff, () => 0.999999999);
        }

        public void Do(Operation step)
        {
            var key = new NamespacedName("ns", $"{step.Key}");
            var row = rows[step.Key];
            switch (step.Verb)
            {
                case Verb.Add:
                    queue.Add(key);
                    Earlier(row, now);
                    break;
                case Verb.AddAt:
                    queue.AddAt(key, start.AddSeconds(now + step.Seconds));
                    Earlier(row, Math.Max(now, now + step.Seconds));
                    break;
                case Verb.Fail:
                    queue.AddAfterFailure(key, step.Seconds == 0 ? null : TimeSpan.FromSeconds(step.Seconds));
                    row.Failures++;
                    Earlier(row, now + Math.Max(step.Seconds, Math.Min(8, Math.Pow(2, row.Failures - 1))));
                    break;
                case Verb.Forget:
                    queue.Forget(key);
                    row.Failures = 0;
                    break;
                case Verb.Take:
                    Take();
                    break;
                case Verb.Done:
                    queue.Done(key);
                    row.IsHeld = false;
                    break;
                case Verb.Pass:
                    now += step.Seconds;
                    time.Advance(TimeSpan.FromSeconds(step.Seconds));
                    break;
            }

            Settle();
            Assert.Equal(rows.Count(IsReady), queue.Depth);
        }

        public void Dispose() => queue.Dispose();

        private static void Earlier(Row row, double due)
        {
            if (row.ReadySince is null)
            {
                row.Due = Math.Min(row.Due ?? double.MaxValue, due);
            }
        }

        private static bool IsReady(Row row) => row.ReadySince is not null;

        /// <summary>What is due and held by nobody becomes ready: at its time, or now when its holder let go only now.</summary>
        private void Settle()
        {
            foreach (var row in rows.Where(row => row is { IsHeld: false, ReadySince: null } && row.Due <= now))
            {
                row.ReadySince = row.Due;
                row.Due = null;
            }
        }

        private void Take()
        {
            if (!rows.Any(IsReady))
            {
                return;
            }

            var taking = queue.TakeAsync(CancellationToken.None).AsTask();
            Assert.True(taking.IsCompletedSuccessfully);
            var row = rows[int.Parse(taking.Result.Name, System.Globalization.CultureInfo.InvariantCulture)];
            Assert.True(IsReady(row), "taken although not due");
            (row.ReadySince, row.IsHeld) = (null, true);
        }
    }
}
