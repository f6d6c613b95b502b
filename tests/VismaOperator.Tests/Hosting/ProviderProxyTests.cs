using VismaOperator.Hosting;

namespace VismaOperator.Tests.Hosting;

/// <summary>Providers are reached by the same decision about the proxy as the API server.</summary>
public sealed class ProviderProxyTests
{
    [Theory]
    [InlineData("https://connect.visma.com/connect/token", true)]
    [InlineData("https://10.96.0.1/connect/token", false)]
    [InlineData("https://login.internal.example.com:8443/token", false)]
    [InlineData("https://login.internal.example.com/token", true)]
    public void NO_PROXY_with_a_network_or_a_port_excepts_a_provider(string endpoint, bool isAsked)
    {
        var proxy = OAuthEndpoints.Options(name => name switch
        {
            "HTTPS_PROXY" => "http://proxy.test:3128",
            "NO_PROXY" => "10.96.0.0/12,internal.example.com:8443",
            "ALL_PROXY" => "http://another.test:3128",
            _ => null,
        }).Proxy!;

        Assert.Equal(isAsked ? new Uri("http://proxy.test:3128") : null, proxy.GetProxy(new Uri(endpoint)));
    }
}
