using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace VismaOperator.Cli.Connect;

/// <summary>
/// Makes the certificate for a redirect URI with https. It lives as long as the verb and signs nothing else. A browser asks the person
/// before it trusts it.
/// </summary>
internal static class LoopbackCertificate
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1"; // RFC 5280 section 4.2.1.12
    private static readonly TimeSpan validFor = TimeSpan.FromDays(1);
    private static readonly TimeSpan clockTolerance = TimeSpan.FromHours(1);

    /// <summary>A new certificate for the host of a URI.</summary>
    public static X509Certificate2 Create(Uri uri, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=visma-operator connect", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(NamesOf(uri));
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true)
        );
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        using var made = request.CreateSelfSigned(now - clockTolerance, now + validFor);

        // TLS on Windows takes no key that exists in memory only.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), password: null);
    }

    private static X509Extension NamesOf(Uri uri)
    {
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(uri.DnsSafeHost, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(uri.IdnHost);
        }

        return names.Build();
    }
}
