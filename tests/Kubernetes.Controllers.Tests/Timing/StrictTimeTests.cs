using CsCheck;
using Kubernetes.Controllers.Tests.Doubles;
using Xunit;

namespace Kubernetes.Controllers.Tests.Timing;

/// <summary>The fake clock of the property tests takes, refuses and misunderstands waits as the clock of the system does.</summary>
public sealed class StrictTimeTests
{
    private static readonly double[] edges =
    [
        -2,
        -1.9999,
        -1.5,
        -1.0001,
        -1,
        -0.9999,
        0,
        0.9999,
        1,
        4_294_967_294,
        4_294_967_294.9999,
        4_294_967_295,
        -9e14,
        9e14,
    ];

    private static readonly Gen<double> waits = Gen.OneOf(
        Gen.Double[-3, 3],
        Gen.Double[-100_000, 100_000],
        Gen.Double[4_294_967_290, 4_294_967_300],
        Gen.Int[0, edges.Length - 1].Select(index => edges[index]));

    [Fact]
    public void Takes_and_refuses_the_waits_that_the_system_takes_and_refuses() => Gen.Select(waits, waits).Sample(
        (dueTime, period) => Assert.Equal(Answer(TimeProvider.System, dueTime, period), Answer(new StrictTime(), dueTime, period)),
        iter: 3000);

    [Theory]
    [InlineData(-1.9, false)]
    [InlineData(-1, false)]
    [InlineData(-0.9, true)]
    [InlineData(0, true)]
    [InlineData(0.5, true)]
    [InlineData(5, true)]
    public async Task Fires_or_never_fires_as_the_system_does(double milliseconds, bool fires)
    {
        Assert.Equal(fires, await FiresOnTheSystemAsync(milliseconds));
        Assert.Equal(fires, FiresOnTheFake(milliseconds));
    }

    private static string? Answer(TimeProvider time, double dueTime, double period)
    {
        using var timer = time.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var (due, every) = (TimeSpan.FromMilliseconds(dueTime), TimeSpan.FromMilliseconds(period));
        try
        {
            return $"{timer.Change(due, every)}";
        }
        catch (ArgumentOutOfRangeException refused)
        {
            return refused.ParamName;
        }
    }

    /// <summary>Another timer, which is armed later, distinguishes "never" from "at once".</summary>
    private static async Task<bool> FiresOnTheSystemAsync(double milliseconds)
    {
        var fired = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var timer = TimeProvider.System.CreateTimer(
            _ => fired.TrySetResult(true),
            null,
            TimeSpan.FromMilliseconds(milliseconds),
            Timeout.InfiniteTimeSpan
        );
        await using var later = TimeProvider.System.CreateTimer(
            _ => fired.TrySetResult(false),
            null,
            TimeSpan.FromSeconds(2),
            Timeout.InfiniteTimeSpan
        );
        return await Wait.For(fired.Task);
    }

    private static bool FiresOnTheFake(double milliseconds)
    {
        var (time, fired) = (new StrictTime(), false);
        using var timer = time.CreateTimer(_ => fired = true, null, TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
        time.Advance(TimeSpan.FromSeconds(2));
        return fired;
    }
}
