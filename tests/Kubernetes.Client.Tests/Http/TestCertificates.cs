using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kubernetes.Client.Tests.Http;

/// <summary>A certificate authority of one test, a server and a client that it signed.</summary>
internal sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset from = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset farAway = new(2120, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public TestCertificates()
    {
        Authority = CreateAuthority();
        Issuing = Sign(Authority, "CN=issuing", null);
        Server = Sign(Authority, "CN=server", "1.3.6.1.5.5.7.3.1");
        IssuedServer = Sign(Issuing, "CN=server", "1.3.6.1.5.5.7.3.1");
        OutdatedServer = Sign(Authority, "CN=server", "1.3.6.1.5.5.7.3.1", from.AddMonths(1));
        Client = Sign(Authority, "CN=client", "1.3.6.1.5.5.7.3.2");
    }

    public X509Certificate2 Authority { get; }

    /// <summary>For 127.0.0.1 and <c>kubernetes.test</c>.</summary>
    public X509Certificate2 Server { get; }

    /// <summary>An intermediate authority that <see cref="Authority"/> signed.</summary>
    public X509Certificate2 Issuing { get; }

    /// <summary>As <see cref="Server"/>, signed by <see cref="Issuing"/>.</summary>
    public X509Certificate2 IssuedServer { get; }

    /// <summary>As <see cref="Server"/>, long expired.</summary>
    public X509Certificate2 OutdatedServer { get; }

    public X509Certificate2 Client { get; }

    /// <summary>A further client that <see cref="Authority"/> signed.</summary>
    public X509Certificate2 SignClient(string subject, DateTimeOffset? until) => Sign(Authority, subject, "1.3.6.1.5.5.7.3.2", until);

    public string ClientKeyPem => Client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
        IssuedServer.Dispose();
        OutdatedServer.Dispose();
        Issuing.Dispose();
        Authority.Dispose();
    }

    private static X509Certificate2 CreateAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(
                certificateAuthority: true,
                hasPathLengthConstraint: false,
                pathLengthConstraint: 0,
                critical: true
            )
        );
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request.CreateSelfSigned(from, farAway);
    }

    // Without a usage the certificate is an authority itself.
    private static X509Certificate2 Sign(X509Certificate2 signer, string subject, string? usage, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(
                certificateAuthority: usage is null,
                hasPathLengthConstraint: false,
                pathLengthConstraint: 0,
                critical: true
            )
        );
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(signer, includeKeyIdentifier: true, includeIssuerAndSerial: false)
        );
        if (usage is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        }

        if (subject == "CN=server")
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            names.AddDnsName("kubernetes.test");
            request.CertificateExtensions.Add(names.Build());
        }

        using var signed = request.Create(signer, from, until ?? farAway, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
