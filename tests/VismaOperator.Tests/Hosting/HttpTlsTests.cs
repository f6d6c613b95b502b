using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using VismaOperator.Consent.Web;
using VismaOperator.Hosting;

namespace VismaOperator.Tests.Hosting;

/// <summary>Health and metrics by https.</summary>
public sealed class HttpTlsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_certificate_that_is_changed_is_served_at_the_next_connection()
    {
        Write("first");
        await using var http = await StartAsync();

        Assert.Equal("CN=first", await SubjectAsync(http.Port));

        Write("second");

        Assert.Equal("CN=second", await SubjectAsync(http.Port));
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_used_leaves_the_former_one()
    {
        Write("first");
        await using var http = await StartAsync();
        folder.Write("tls.crt", "no certificate");

        Assert.Equal("CN=first", await SubjectAsync(http.Port));

        File.Delete(folder["tls.key"]);

        Assert.Equal("CN=first", await SubjectAsync(http.Port));
    }

    [Fact]
    public void Without_a_certificate_the_operator_says_what_is_missing()
    {
        var failure = Assert.Throws<UnusableCertificateException>(() => HttpHost.Build(Options()));

        Assert.Contains("--http-tls", failure.Message, StringComparison.Ordinal);
        Assert.Contains("tls.crt and tls.key", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_is_answered_by_https()
    {
        Write("first");
        await using var http = await StartAsync();
        using var sockets = new SocketsHttpHandler { UseProxy = false };
        sockets.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null;
        using var client = new HttpClient(sockets);

        using var answer = await client.GetAsync(new Uri($"https://127.0.0.1:{http.Port}/livez"), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private OperatorOptions Options() =>
        new()
        {
            HttpPort = 0,
            HttpTls = folder.Path,
            Logs = new LogOptions { Level = LogLevel.Error },
        };

    private async Task<EmptyWebHost> StartAsync()
    {
        var http = HttpHost.Build(Options());
        http.ServeOperator(new OperatorHealth(), new ObjectGauges());
        await http.StartAsync(TestContext.Current.CancellationToken);
        return http;
    }

    private void Write(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow(); // TLS knows no other clock
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        folder.Write("tls.crt", certificate.ExportCertificatePem());
        folder.Write("tls.key", key.ExportPkcs8PrivateKeyPem());
    }

    private static async Task<string> SubjectAsync(int port)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(
            socket.GetStream(),
            leaveInnerStreamOpen: false,
            (_, certificate, _, _) => certificate is not null
        );
        await tls.AuthenticateAsClientAsync("localhost");
        return tls.RemoteCertificate!.Subject;
    }
}
