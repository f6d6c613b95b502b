using VismaOperator.Testing.ApiServer.Cluster;
using Xunit;

namespace VismaOperator.Testing.ApiServer.Tests;

public sealed class K3sTests
{
    [Fact]
    public async Task Without_a_container_engine_K3s_fails_with_the_remedy()
    {
        Assert.SkipWhen(
            File.Exists("/var/run/docker.sock") || Environment.GetEnvironmentVariable("DOCKER_HOST") is not null,
            "There is a container engine here."
        );

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            K3sCluster.StartAsync("rancher/k3s:v1.34.1-k3s1", TestContext.Current.CancellationToken)
        );

        Assert.Contains("unset the variable", failure.Message, StringComparison.Ordinal);
    }
}
