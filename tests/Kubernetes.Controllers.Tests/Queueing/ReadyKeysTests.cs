using CsCheck;
using Kubernetes.Client;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Tests.Doubles;
using Timing;
using Xunit;

namespace Kubernetes.Controllers.Tests.Queueing;

/// <summary>Keys that are due are handed out by their deadlines, and none waits for ever.</summary>
public sealed class ReadyKeysTests
{
    private readonly StrictTime time = new();

    [Fact]
    public void The_nearest_deadline_goes_first() =>
        Gen.Int[1, 3600]
            .Array[1, 200]
            .Sample(seconds =>
            {
                using var queue = QueueOf(key =>
                    time.GetUtcNow().AddSeconds(seconds[int.Parse(key.Name, System.Globalization.CultureInfo.InvariantCulture)])
                );
                for (var index = 0; index < seconds.Length; index++)
                {
                    queue.Add(new("ns", $"{index}"));
                }

                var taken = TakeAll(queue).Select(key => seconds[int.Parse(key.Name, System.Globalization.CultureInfo.InvariantCulture)]);

                Assert.Equal(seconds.Order(), taken);
            });

    [Fact]
    public void Without_deadlines_keys_come_in_the_order_in_which_they_became_due_regardless_of_the_clock()
    {
        using var queue = new WorkQueue(time, BackoffOptions.ForKeys, () => 0.5);
        foreach (var name in new[] { "b", "a", "c" })
        {
            queue.Add(new("ns", name));
            time.Step(TimeSpan.FromHours(-1));
        }

        Assert.Equal(["b", "a", "c"], TakeAll(queue).Select(key => key.Name));
    }

    [Fact]
    public void A_token_that_expired_long_ago_does_not_go_before_one_that_would_have_expired_when_it_came()
    {
        var ready = new ReadyKeys<NamespacedName>(time);
        ready.Add(new("ns", "near"), time.GetUtcNow().AddSeconds(5));
        time.Advance(TimeSpan.FromSeconds(6));
        ready.Add(new("ns", "expired"), time.GetUtcNow().AddDays(-1));

        Assert.Equal("near", ready.Take().Name);
    }

    /// <summary>More comes in than can be handed out, all of it nearer to its deadline than what waits.</summary>
    [Fact]
    public void No_key_waits_longer_than_the_bound_under_lasting_overload() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 4], Gen.Int[100, 2000])
            .Sample(
                (before, perTake, milliseconds) =>
                {
                    var ready = new ReadyKeys<NamespacedName>(time);
                    for (var index = 1; index < before; index++)
                    {
                        ready.Add(new("early", $"{index}"), time.GetUtcNow().AddHours(1));
                    }

                    ready.Add(new("ns", "patient"), time.GetUtcNow().AddDays(1));
                    var (added, since, late) = (0, time.GetTimestamp(), 0);
                    while (ready.Contains(new("ns", "patient")))
                    {
                        for (var index = 0; index < perTake; index++)
                        {
                            ready.Add(new("urgent", $"{added++}"), time.GetUtcNow().AddSeconds(1));
                        }

                        late += time.GetElapsedTime(since) >= ReadyKeys<NamespacedName>.Patience ? 1 : 0;
                        ready.Take();
                        Assert.True(late <= ReadyKeys<NamespacedName>.Turn * before, $"{late} keys overtook it after its patience");
                        time.Advance(TimeSpan.FromMilliseconds(milliseconds));
                    }
                },
                iter: 30,
                threads: 1
            );

    /// <summary>Three of four hand-outs still go by the deadline while others have lost their patience.</summary>
    [Fact]
    public void Under_lasting_overload_the_nearest_deadline_still_goes_almost_at_once()
    {
        var ready = new ReadyKeys<NamespacedName>(time);
        for (var index = 0; index < 1000; index++)
        {
            ready.Add(new("backlog", $"{index}"), time.GetUtcNow().AddHours(1));
        }

        time.Advance(TimeSpan.FromMinutes(5));
        for (var round = 0; round < 100; round++)
        {
            ready.Add(new("urgent", $"{round}"), time.GetUtcNow().AddSeconds(1));
            Assert.Contains("urgent", new[] { ready.Take().Namespace, ready.Take().Namespace });
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private WorkQueue QueueOf(Func<NamespacedName, DateTimeOffset?> deadline) =>
        new(time, BackoffOptions.ForKeys, () => 0.5) { NeededBy = deadline };

    private static IEnumerable<NamespacedName> TakeAll(WorkQueue queue)
    {
        while (queue.Depth > 0)
        {
            var taking = queue.TakeAsync(CancellationToken.None).AsTask();
            Assert.True(taking.IsCompletedSuccessfully);
            yield return taking.Result;
        }
    }
}
