using System.Net;

namespace OAuth.Tests;

public sealed class HostTests
{
    private static readonly HostPolicy policy = new(["connect.visma.com"], ["idp.internal"], TransportRule.HttpsOnly);

    [Theory]
    [InlineData("https://connect.visma.com")]
    [InlineData("https://CONNECT.visma.com:8443/connect/token?x=ø")]
    [InlineData("https://idp.internal/realm")]
    public void Listed_hosts_are_fine(string url) => Assert.Null(policy.ProblemWith(new Uri(url)));

    [Theory]
    [InlineData("http://connect.visma.com", "not encrypted")]
    [InlineData("https://evil.example", "not allowed")]
    [InlineData("https://connect.visma.com.evil.example", "not allowed")]
    [InlineData("https://connect.visma.com@evil.example", "user information")]
    [InlineData("https://connect\u2024visma.com", "U+2024")]
    [InlineData("https://connect\uff0evisma.com/connect/token", "U+FF0E")]
    [InlineData("https://c\u043fnnect.visma.com", "U+043F")]
    [InlineData("ftp://connect.visma.com", "https")]
    public void Other_URLs_are_refused_with_the_reason(string url, string reason) =>
        Assert.Contains(reason, policy.ProblemWith(new Uri(url)), StringComparison.Ordinal);

    [Fact]
    public void A_dot_that_is_none_is_explained() =>
        Assert.Contains(
            "looks like a full stop",
            HostName.ProblemIn("https://eu\u2024integrator.io/connection/oauth2callback"),
            StringComparison.Ordinal
        );

    [Fact]
    public void Only_the_authority_must_be_ASCII()
    {
        Assert.True(HostName.IsAscii("https://example.com/ø?å#æ"));
        Assert.False(HostName.IsAscii("https://exåmple.com/"));
        Assert.False(HostName.IsAscii("exåmple.com"));
        Assert.False(HostName.IsAscii("å.com"));
        Assert.False(HostName.IsAscii("://å"));
        Assert.True(HostName.IsAscii("https:///å"));
    }

    [Fact]
    public void Http_can_be_allowed() =>
        Assert.Null(new HostPolicy([], ["127.0.0.1"], TransportRule.HttpAllowed).ProblemWith(new Uri("http://127.0.0.1:8400")));

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.168.1.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("13.107.42.14", true)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::ffff:13.107.42.14", true)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("64:ff9b::d6b:2a0e", true)]
    [InlineData("2002:a00:1::1", false)]
    [InlineData("2603:1020::1", true)]
    public void Addresses_are_distinguished(string address, bool isPublic) =>
        Assert.Equal(isPublic, PublicAddress.Is(IPAddress.Parse(address)));

    [Theory]
    [InlineData("0.255.255.255", false)]
    [InlineData("1.0.0.0", true)]
    [InlineData("9.255.255.255", true)]
    [InlineData("10.0.0.0", false)]
    [InlineData("10.255.255.255", false)]
    [InlineData("11.0.0.0", true)]
    [InlineData("100.63.255.255", true)]
    [InlineData("100.127.255.255", false)]
    [InlineData("100.128.0.0", true)]
    [InlineData("126.255.255.255", true)]
    [InlineData("127.255.255.255", false)]
    [InlineData("128.0.0.0", true)]
    [InlineData("169.253.255.255", true)]
    [InlineData("169.255.0.0", true)]
    [InlineData("172.15.255.255", true)]
    [InlineData("172.31.255.255", false)]
    [InlineData("191.255.255.255", true)]
    [InlineData("192.0.0.0", false)]
    [InlineData("192.0.0.255", false)]
    [InlineData("192.0.1.0", true)]
    [InlineData("192.167.255.255", true)]
    [InlineData("192.169.0.0", true)]
    [InlineData("198.17.255.255", true)]
    [InlineData("198.18.0.0", false)]
    [InlineData("198.19.255.255", false)]
    [InlineData("198.20.0.0", true)]
    [InlineData("223.255.255.255", true)]
    [InlineData("239.255.255.255", false)]
    [InlineData("240.0.0.0", false)]
    [InlineData("1fff::1", false)]
    [InlineData("2000::1", true)]
    [InlineData("3fff:ffff::1", true)]
    [InlineData("4000::1", false)]
    [InlineData("64:ff9b:1::d6b:2a0e", false)]
    [InlineData("2002:d6b:2a0e::1", true)]
    public void The_edges_of_the_special_networks_are_theirs(string address, bool isPublic) =>
        Assert.Equal(isPublic, PublicAddress.Is(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://a.example@b.example", "the URL has user information before its host name; remove it")]
    [InlineData("a.example@b.example", "the URL has user information before its host name; remove it")]
    [InlineData("https://a\u2024b", "the host name contains U+2024, which looks like a full stop and is not; write a plain '.'")]
    [InlineData("https://a\u3002b", "the host name contains U+3002, which looks like a full stop and is not; write a plain '.'")]
    [InlineData("https://a\uff0eb", "the host name contains U+FF0E, which looks like a full stop and is not; write a plain '.'")]
    [InlineData("https://a\uff61b", "the host name contains U+FF61, which looks like a full stop and is not; write a plain '.'")]
    [InlineData("https://a\ufe52b", "the host name contains U+FE52, which looks like a full stop and is not; write a plain '.'")]
    [InlineData("https://\u00e5", "the host name contains U+00E5; host names must be ASCII (international names in their xn-- form)")]
    [InlineData(
        "https://a\ud83d\ude00",
        "the host name contains U+1F600; host names must be ASCII (international names in their xn-- form)"
    )]
    [InlineData("https://a.example/@", null)]
    [InlineData("https://a.example?@", null)]
    [InlineData("https://a.example#@", null)]
    [InlineData("https://a.example/://@", null)]
    [InlineData("a.example/@", null)]
    public void What_is_wrong_with_a_host_name_is_told_with_the_remedy(string url, string? problem) =>
        Assert.Equal(problem, HostName.ProblemIn(url));

    [Theory]
    [InlineData("/token", "the URL is not an absolute https URL")]
    [InlineData("ftp://connect.visma.com", "the URL is not an absolute https URL")]
    [InlineData(
        "http://connect.visma.com:8080/x",
        "http://connect.visma.com:8080 is not encrypted; use https, or allow insecure issuers for development"
    )]
    [InlineData("https://evil.example:8443/x", "host evil.example is not allowed; an administrator can list it")]
    public void Why_a_URL_may_not_be_contacted_is_told_with_the_remedy(string url, string problem) =>
        Assert.Equal(problem, policy.ProblemWith(new Uri(url, UriKind.RelativeOrAbsolute)));

    [Fact]
    public async Task A_built_in_host_at_a_private_address_is_not_contacted()
    {
        using var http = OAuthHttp.CreateClient(new HostPolicy(["localhost"], [], TransportRule.HttpAllowed), new OAuthHttpOptions());

        var exception = await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetAsync("http://localhost:9/", Some.Patience()));

        Assert.Contains("private address", exception.GetBaseException().Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listed_host_at_a_private_address_is()
    {
        using var http = OAuthHttp.CreateClient(
            new HostPolicy(["localhost"], ["localhost"], TransportRule.HttpAllowed),
            new OAuthHttpOptions()
        );

        var exception = await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetAsync("http://localhost:9/", Some.Patience()));

        Assert.Equal(HttpRequestError.ConnectionError, exception.HttpRequestError);
        Assert.IsNotType<HostNotAllowedException>(exception.GetBaseException());
    }

    [Fact]
    public async Task Behind_a_proxy_it_is_the_proxy_that_resolves_a_built_in_host()
    {
        var time = new FakeTimeProvider(Some.Noon);
        using var proxy = new RawServer();
        using var http = OAuthHttp.CreateClient(
            new HostPolicy(["idp.test"], [], TransportRule.HttpAllowed),
            new OAuthHttpOptions { Proxy = new WebProxy(proxy.Url) }
        );
        var gate = new IssuerGate(new IssuerGateOptions(), time);
        var serving = proxy.ServeOnceAsync(
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 26\r\n\r\n{\"error\":\"invalid_client\"}"u8.ToArray()
        );

        var outcome = await new TokenEndpoint(http, gate, time).RequestAsync(
            new Uri("http://idp.test/connect/token"), Some.Client(), Some.Request(), Some.Patience());

        Assert.Equal("invalid_client", Assert.IsType<TokenOutcome.Refused>(outcome).Error);
        Assert.Equal("POST http://idp.test/connect/token HTTP/1.1", await serving);
    }

    [Fact]
    public async Task A_host_outside_the_lists_is_stopped_before_DNS_and_said_so_in_the_outcome()
    {
        var time = new FakeTimeProvider(Some.Noon);
        using var http = OAuthHttp.CreateClient(policy, new OAuthHttpOptions());
        var gate = new IssuerGate(new IssuerGateOptions(), time);

        var outcome = await new TokenEndpoint(http, gate, time).RequestAsync(
            new Uri("https://evil.example/token"), Some.Client(), Some.Request(), Some.Patience());

        var unavailable = Assert.IsType<TokenOutcome.Unavailable>(outcome);
        Assert.False(unavailable.MayHaveBeenProcessed);
        Assert.Contains("evil.example is not allowed", unavailable.Cause, StringComparison.Ordinal);
    }
}
