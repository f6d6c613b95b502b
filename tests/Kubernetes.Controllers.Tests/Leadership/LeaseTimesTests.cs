using Kubernetes.Controllers.Leadership;
using Xunit;

namespace Kubernetes.Controllers.Tests.Leadership;

public sealed class LeaseTimesTests
{
    [Fact]
    public void The_defaults_are_those_of_client_go_and_can_be_used()
    {
        var times = new LeaseTimes();

        Assert.Equal((15, 10, 2), (times.LeaseDuration.TotalSeconds, times.RenewDeadline.TotalSeconds, times.RetryPeriod.TotalSeconds));
        Assert.Null(times.Problem());
    }

    [Theory]
    [InlineData(6, 4, 1, null)]
    [InlineData(2, 1.5, 1.2, null)]
    [InlineData(0.5, 0.4, 0.1, "whole seconds")]
    [InlineData(6.5, 4, 1, "whole seconds")]
    [InlineData(6, 6, 1, "two processes could act")]
    [InlineData(6, 7, 1, "two processes could act")]
    [InlineData(6, 4, 4, "would lose the lease")]
    [InlineData(6, 1.2, 1, "would lose the lease")]
    public void Times_that_cannot_keep_one_leader_are_told(double lease, double renew, double retry, string? problem)
    {
        var times = new LeaseTimes
        {
            LeaseDuration = TimeSpan.FromSeconds(lease),
            RenewDeadline = TimeSpan.FromSeconds(renew),
            RetryPeriod = TimeSpan.FromSeconds(retry),
        };

        Assert.Equal(problem is null, times.Problem() is null);
        Assert.Contains(problem ?? "", times.Problem() ?? "", StringComparison.Ordinal);
    }
}
