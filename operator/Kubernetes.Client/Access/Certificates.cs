using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Kubernetes.Client.Access;

/// <summary>Certificates in PEM, from files or from base64 in a kubeconfig.</summary>
internal static class Certificates
{
    public static X509Certificate2 ClientCertificate(string certificatePem, string keyPem, string origin)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            return OperatingSystem.IsWindows() ? Persisted(certificate) : certificate;
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or ArgumentException)
        {
            throw new ClusterAccessException(
                $"the client certificate or its key in {origin} is not readable PEM, or the key is of another certificate: renew both.",
                unreadable
            );
        }
    }

    /// <summary>Whether two are the same by content. Their own comparison looks at issuer and serial number only.</summary>
    public static bool AreSame(X509Certificate2? one, X509Certificate2? other) =>
        ReferenceEquals(one, other)
        || (one is not null && other is not null && one.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span));

    /// <summary>Reads a file that <paramref name="origin"/> names.</summary>
    public static string Read(string path, string origin)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new ClusterAccessException(
                $"{origin}: {path} cannot be read ({unreadable.Message}). Check the path and the permissions of the file.", unreadable);
        }
    }

    public static string Decode(string data, string origin)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(data));
        }
        catch (FormatException unreadable)
        {
            throw new ClusterAccessException($"{origin} is not base64: copy the kubeconfig again.", unreadable);
        }
    }

    /// <summary>All authorities of a bundle; during a rotation of the cluster's authority there are two.</summary>
    public static X509Certificate2Collection Authorities(string pem, string origin)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            authorities.Clear();
        }

        return authorities.Count > 0
            ? authorities
            : throw new ClusterAccessException($"{origin} holds no PEM certificate: copy the cluster's certificate authority again.");
    }

    // Windows' TLS takes no key that lives in memory only.
    private static X509Certificate2 Persisted(X509Certificate2 certificate)
    {
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
        }
    }
}
