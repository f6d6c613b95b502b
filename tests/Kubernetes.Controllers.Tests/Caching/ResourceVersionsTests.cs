using Kubernetes.Controllers.Caching;
using Xunit;

namespace Kubernetes.Controllers.Tests.Caching;

public sealed class ResourceVersionsTests
{
    [Theory]
    [InlineData("10", "9", true)]
    [InlineData("9", "10", false)]
    [InlineData("10", "10", false)]
    [InlineData("1", "", true)]
    [InlineData("1", null, true)]
    [InlineData(null, "1", false)]
    [InlineData("0", null, false)]
    [InlineData("340282366920938463463374607431768211456", "340282366920938463463374607431768211455", true)]
    public void Are_compared_as_numbers(string? version, string? than, bool isNewer) =>
        Assert.Equal(isNewer, ResourceVersions.IsNewer(version, than));
}
