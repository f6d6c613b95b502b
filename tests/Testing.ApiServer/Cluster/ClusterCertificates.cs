using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace VismaOperator.Testing.ApiServer.Cluster;

/// <summary>
/// A certificate authority of a test cluster and what it signs. Keys live as long as the test run, so everything is made in
/// process, without openssl.
/// </summary>
internal sealed class ClusterCertificates : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 authority;
    private int serial = 1;

    public ClusterCertificates(TimeProvider clock)
    {
        // An hour back: clocks of containers and virtual machines may lag a little.
        NotBefore = clock.GetUtcNow().AddHours(-1);
        NotAfter = NotBefore.AddDays(2);
        var request = new CertificateRequest("CN=test-cluster-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true)
        );
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true)
        );
        authority = request.CreateSelfSigned(NotBefore, NotAfter);
    }

    public DateTimeOffset NotBefore { get; }

    public DateTimeOffset NotAfter { get; }

    /// <summary>The certificate of the authority, which clients trust.</summary>
    public string AuthorityPem => authority.ExportCertificatePem();

    /// <summary>A server certificate for 127.0.0.1 and localhost.</summary>
    public KeyPairPem IssueServer()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        return Issue("CN=127.0.0.1", "1.3.6.1.5.5.7.3.1", names.Build());
    }

    /// <summary>A client certificate. Kubernetes reads the common name as user and the organisation as group.</summary>
    public KeyPairPem IssueClient(string user, string group) => Issue($"CN={user}, O={group}", "1.3.6.1.5.5.7.3.2");

    public void Dispose()
    {
        authority.Dispose();
        key.Dispose();
    }

    private KeyPairPem Issue(string subject, string usage, params X509Extension[] extensions)
    {
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, leafKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        using var certificate = request.Create(authority, NotBefore, NotAfter, BitConverter.GetBytes(++serial));
        return new KeyPairPem(certificate.ExportCertificatePem(), leafKey.ExportPkcs8PrivateKeyPem());
    }
}

/// <summary>A certificate and its private key, both as PEM.</summary>
internal sealed record KeyPairPem(string Certificate, string Key)
{
    /// <summary>The pair as the framework's TLS wants it.</summary>
    public X509Certificate2 ToCertificate() => X509Certificate2.CreateFromPem(Certificate, Key);
}
