using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace OAuth.Tests;

/// <summary>Whether a server is there, by which certificate, and what its clock says.</summary>
public sealed class ServerContactTests : IDisposable
{
    private static readonly DateTimeOffset begin = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider time = new(Some.Noon);
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public ServerContactTests() => listener.Start();

    [Fact]
    public async Task A_certificate_that_is_trusted_is_told_with_the_servers_clock()
    {
        using var certificate = Certificate("CN=idp.example", "localhost");
        var serving = ServeAsync(certificate);

        var outcome = await LookAsync("localhost", certificate);
        await serving;

        Assert.Null(outcome.Failure);
        Assert.Equal(TimeSpan.FromSeconds(-10.5), outcome.Clock!.Ahead);
        var seen = outcome.Certificate!;
        Assert.Equal(("CN=idp.example", "CN=idp.example"), (seen.Subject, seen.Issuer));
        Assert.Equal(["localhost", "127.0.0.9"], seen.Names);
        Assert.Equal((begin, begin.AddYears(80)), (seen.NotBefore, seen.NotAfter));
        Assert.Equal((false, false, true), (seen.IsOfAnotherHost, seen.IsUntrusted, seen.IsSelfSigned));
        Assert.Empty(seen.ChainProblems);
    }

    [Fact]
    public async Task A_certificate_of_nobody_is_untrusted_and_its_server_is_told_nothing()
    {
        using var certificate = Certificate("CN=idp.example", "localhost");
        var serving = ServeAsync(certificate);

        var outcome = await LookAsync("localhost", trusted: null);
        await Assert.ThrowsAnyAsync<Exception>(() => serving);

        Assert.StartsWith("the TLS handshake failed", outcome.Failure, StringComparison.Ordinal);
        Assert.Null(outcome.Clock);
        Assert.Equal((false, true), (outcome.Certificate!.IsOfAnotherHost, outcome.Certificate.IsUntrusted));
        Assert.NotEmpty(outcome.Certificate.ChainProblems);
    }

    [Fact]
    public async Task A_certificate_of_another_host_is_told_as_one()
    {
        using var certificate = Certificate("CN=" + new string('x', 300), "idp.example");
        var serving = ServeAsync(certificate);

        var outcome = await LookAsync("localhost", certificate);
        await Assert.ThrowsAnyAsync<Exception>(() => serving);

        Assert.StartsWith("the TLS handshake failed", outcome.Failure, StringComparison.Ordinal);
        Assert.Equal((true, false), (outcome.Certificate!.IsOfAnotherHost, outcome.Certificate.IsUntrusted));
        Assert.Equal(200, outcome.Certificate.Subject.Length);
    }

    [Fact]
    public async Task A_server_that_sends_more_than_a_megabyte_is_there()
    {
        using var certificate = Certificate("CN=idp.example", "localhost");
        var serving = ServeAsync(certificate, "Content-Length: 1048577\r\n\r\n");

        var outcome = await LookAsync("localhost", certificate);
        await serving;

        Assert.Null(outcome.Failure);
        Assert.NotNull(outcome.Certificate);
    }

    [Fact]
    public async Task A_host_that_nobody_listed_is_not_looked_at()
    {
        var outcome = await LookAsync("evil.example", trusted: null);

        Assert.Equal("host evil.example is not allowed; an administrator can list it", outcome.Failure);
        Assert.Null(outcome.Certificate);
    }

    [Fact]
    public async Task Eight_seconds_are_given_to_an_answer()
    {
        var looking = LookAsync("localhost", trusted: null);
        using var connection = await listener.AcceptSocketAsync(Some.Patience()); // and never answers the handshake

        time.Advance(TimeSpan.FromSeconds(7.9));
        Assert.False(looking.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal("no complete answer within 8 s", (await looking).Failure);
    }

    public void Dispose() => listener.Dispose();

    private async Task<ContactOutcome> LookAsync(string host, X509Certificate2? trusted)
    {
        var settings = new OAuthHttpOptions { TrustedRoots = trusted is null ? null : [trusted] };
        var policy = new HostPolicy([], ["localhost"], TransportRule.HttpsOnly);
        var address = new Uri($"https://{host}:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        return await new ServerContact(policy, settings, time).LookAsync(address, Some.Patience());
    }

    private async Task ServeAsync(X509Certificate2 certificate, string rest = "Content-Length: 0\r\n\r\n")
    {
        using var connection = await listener.AcceptTcpClientAsync(Some.Patience());
        await using var tls = new SslStream(connection.GetStream());
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, Some.Patience());
        _ = await tls.ReadAsync(new byte[4096], Some.Patience());
        await tls.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 503 Sorry\r\nDate: {Some.Noon.AddSeconds(10):R}\r\n{rest}"),
            Some.Patience());
        await tls.ShutdownAsync();
    }

    private static X509Certificate2 Certificate(string subject, string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        names.AddIpAddress(IPAddress.Parse("127.0.0.9"));
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(begin, begin.AddYears(80));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), password: null);
    }
}
