using System.Net;
using Kubernetes.Client.Access;
using Kubernetes.Client.Tests.Http;
using Xunit;

namespace Kubernetes.Client.Tests.Access;

/// <summary>Which requests go through a proxy, as Go decides it. The integration test <c>ProxyTests</c> compares with kubectl.</summary>
public sealed class ProxyChoiceTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "https://10.1.2.3", false)]
    [InlineData("10.1.2.3/8", "https://10.200.0.1:6443", false)]
    [InlineData("10.0.0.0/8", "https://11.0.0.1", true)]
    [InlineData("10.0.0.0/33", "https://10.0.0.1", true)]
    [InlineData("fd00::/8", "https://[fd12::1]", false)]
    [InlineData("fd00::/8", "https://[fe80::1]", true)]
    [InlineData("10.0.0.0/8", "https://[::ffff:10.0.0.1]", false)]
    [InlineData("*", "https://k.example.com", false)]
    [InlineData("other.test, *", "https://10.0.0.1", false)]
    [InlineData("10.0.0.1", "https://10.0.0.1:6443", false)]
    [InlineData("10.0.0.1:6443", "https://10.0.0.1:6443", false)]
    [InlineData("10.0.0.1:443", "https://10.0.0.1", false)]
    [InlineData("10.0.0.1:443", "https://10.0.0.1:6443", true)]
    [InlineData("10.0.0", "https://10.0.0.1", true)]
    [InlineData("fd12::1", "https://[fd12::1]:6443", false)]
    [InlineData("[fd12::1]:6443", "https://[fd12::1]:6443", false)]
    [InlineData("[fd12::1]:443", "https://[fd12::1]:6443", true)]
    [InlineData("[fd12::1]", "https://[fd12::1]", true)]
    [InlineData("example.com", "https://example.com", false)]
    [InlineData("example.com", "https://K.Example.COM", false)]
    [InlineData("EXAMPLE.com", "https://k.example.com", false)]
    [InlineData("example.com", "https://notexample.com", true)]
    [InlineData(".example.com", "https://k.example.com", false)]
    [InlineData(".example.com", "https://example.com", true)]
    [InlineData("*.example.com", "https://k.example.com", false)]
    [InlineData("*.example.com", "https://example.com", true)]
    [InlineData("example.com:6443", "https://k.example.com:6443", false)]
    [InlineData("example.com:6443", "https://k.example.com", true)]
    [InlineData(" ,, a.test , k.example.com ", "https://k.example.com", false)]
    [InlineData(":443,/8,.", "https://k.example.com", true)]
    [InlineData("", "https://localhost:6443", false)]
    [InlineData("", "https://127.0.0.9", false)]
    [InlineData("", "https://[::1]:6443", false)]
    [InlineData(null, "https://k.example.com", true)]
    public void The_exceptions_are_read_as_go_reads_them(string? noProxy, string destination, bool isAsked)
    {
        var choice = Choice(new Uri(destination).Scheme, ("HTTPS_PROXY", "http://proxy.test:3128"), ("NO_PROXY", noProxy));

        Assert.Equal(isAsked ? new Uri("http://proxy.test:3128") : null, choice.GetProxy(new Uri(destination)));
        Assert.Equal(!isAsked, choice.IsBypassed(new Uri(destination)));
    }

    [Theory]
    [InlineData("https", "HTTPS_PROXY=http://a.test", "http://a.test")]
    [InlineData("https", "https_proxy=http://a.test", "http://a.test")]
    [InlineData("https", "HTTPS_PROXY=http://a.test https_proxy=http://b.test", "http://a.test")]
    [InlineData("https", "HTTPS_PROXY= https_proxy=http://b.test", "http://b.test")]
    [InlineData("https", "HTTP_PROXY=http://a.test", null)]
    [InlineData("http", "HTTP_PROXY=http://a.test HTTPS_PROXY=http://b.test", "http://a.test")]
    [InlineData("http", "HTTPS_PROXY=http://b.test", null)]
    [InlineData("https", "ALL_PROXY=http://a.test", null)]
    [InlineData("https", "HTTPS_PROXY=proxy.test:3128", "http://proxy.test:3128")]
    [InlineData("https", "HTTPS_PROXY=proxy.test", "http://proxy.test")]
    [InlineData("https", "HTTPS_PROXY=10.0.0.1:3128", "http://10.0.0.1:3128")]
    [InlineData("https", "HTTPS_PROXY=socks5://proxy.test:1080", "socks5://proxy.test:1080")]
    [InlineData("https", "HTTPS_PROXY=http://", null)]
    [InlineData("https", "HTTPS_PROXY=http://a.test NO_PROXY= no_proxy=k.example.com", null)]
    [InlineData("https", "HTTPS_PROXY=http://a.test NO_PROXY=x.test no_proxy=k.example.com", "http://a.test")]
    public void The_variables_are_chosen_as_go_chooses_them(string scheme, string variables, string? proxy)
    {
        var choice = Choice(scheme, [.. variables
            .Split(' ')
            .Select(variable => (variable.Split('=', 2)[0], (string?)variable.Split('=', 2)[1]))]);

        Assert.Equal(proxy is null ? null : new Uri(proxy), choice.GetProxy(new Uri($"{scheme}://k.example.com")));
    }

    [Theory]
    [InlineData("https://connect.example.com", "http://secure.test:3128", "jane")]
    [InlineData("http://connect.example.com", "http://plain.test:3128", "john")]
    [InlineData("https://10.1.2.3", null, null)]
    [InlineData("http://10.1.2.3:8080", null, null)]
    [InlineData("https://127.0.0.1", null, null)]
    public void Without_a_scheme_each_destination_chooses_by_its_own(string destination, string? proxy, string? user)
    {
        var choice = ProxyChoice.FromEnvironment(name => name switch
        {
            "HTTPS_PROXY" => "http://jane:a@secure.test:3128",
            "HTTP_PROXY" => "http://john:b@plain.test:3128",
            "NO_PROXY" => "10.0.0.0/8",
            _ => null,
        });

        var asked = choice.GetProxy(new Uri(destination));

        Assert.Equal(proxy is null ? null : new Uri(proxy), asked);
        Assert.Equal(user, asked is null ? null : choice.Credentials!.GetCredential(asked, "Basic")?.UserName);
        Assert.Null(choice.Credentials!.GetCredential(new Uri("http://another.test:3128"), "Basic"));
    }

    [Fact]
    public void The_password_of_a_proxy_is_a_credential_and_no_part_of_its_address()
    {
        var choice = ProxyChoice.Always(new Uri("http://jane:p%40ss@proxy.test:3128"));

        Assert.Equal(new Uri("http://proxy.test:3128"), choice.GetProxy(new Uri("https://127.0.0.1")));
        var credential = Assert.IsType<NetworkCredential>(choice.Credentials);
        Assert.Equal(("jane", "p@ss"), (credential.UserName, credential.Password));
    }

    [Fact]
    public void A_pod_asks_its_own_api_server_past_the_proxy_that_its_variables_except_it_from()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        folder.Write("token", "t");
        folder.Write("namespace", "operators");
        folder.Write("ca.crt", certificates.Authority.ExportCertificatePem());
        var variables = new Dictionary<string, string>
        {
            ["KUBERNETES_SERVICE_HOST"] = "10.96.0.1",
            ["KUBERNETES_SERVICE_PORT"] = "443",
            ["HTTPS_PROXY"] = "http://proxy.test:3128",
            ["NO_PROXY"] = "10.96.0.0/12,.svc",
        };

        var access = ClusterAccess.Load(null, null, new AccessEnvironment(variables.GetValueOrDefault, folder.Path, folder.Path));

        Assert.True(access.Proxy!.IsBypassed(access.Server));
        Assert.False(access.Proxy.IsBypassed(new Uri("https://connect.visma.com")));
    }

    private static ProxyChoice Choice(string scheme, params (string Name, string? Value)[] variables) =>
        ProxyChoice.FromEnvironment(name => variables.FirstOrDefault(variable => variable.Name == name).Value, scheme);
}
