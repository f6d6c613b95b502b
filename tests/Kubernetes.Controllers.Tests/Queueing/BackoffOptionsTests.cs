using CsCheck;
using Kubernetes.Controllers.Queueing;
using Xunit;

namespace Kubernetes.Controllers.Tests.Queueing;

public sealed class BackoffOptionsTests
{
    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 200)]
    [InlineData(3, 400)]
    [InlineData(12, 150_000)]
    [InlineData(int.MaxValue, 150_000)]
    public void Doubles_from_the_initial_wait_to_the_maximum(int failures, int milliseconds) =>
        Assert.Equal(milliseconds, BackoffOptions.ForKeys.DelayAfter(failures, random: 0).TotalMilliseconds);

    [Fact]
    public void Is_never_shorter_than_half_its_bound_nor_longer_than_it() =>
        Gen.Select(Gen.Int[1, 100], Gen.Double[0, 0.999999]).Sample((failures, random) =>
        {
            var shortest = BackoffOptions.ForWatches.DelayAfter(failures, 0);
            var delay = BackoffOptions.ForWatches.DelayAfter(failures, random);
            Assert.InRange(delay, shortest, 2 * shortest);
            Assert.True(delay <= BackoffOptions.ForWatches.Maximum);
        });
}
