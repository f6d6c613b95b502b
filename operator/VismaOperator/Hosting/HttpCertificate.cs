using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using VismaOperator.Reporting;

namespace VismaOperator.Hosting;

/// <summary>
/// The certificate of the port of health and metrics: <c>tls.crt</c> and <c>tls.key</c> in a folder, as a Secret of type kubernetes.io/tls
/// is mounted. Both are read at each handshake: a mounted Secret changes by a link, and no time of a file shows it. Handshakes are few.
/// </summary>
internal sealed partial class HttpCertificate(string folder)
{
    private readonly Lock gate = new();
    private string text = string.Empty;
    private string? logged;
    private SslStreamCertificateContext? current;
    private ILogger? log;

    /// <summary>The log that says why a changed certificate cannot be used.</summary>
    public void LogTo(ILogger logger) => log = logger;

    /// <summary>The certificate as the files have it now; the former one while they have none that can be used.</summary>
    /// <exception cref="ExplainedException">There never was one that could be used.</exception>
    public SslStreamCertificateContext Current()
    {
        lock (gate)
        {
            try
            {
                var (certificate, key) = (Read("tls.crt"), Read("tls.key"));
                if (current is null || text != certificate + key)
                {
                    var chain = new X509Certificate2Collection();
                    chain.ImportFromPem(certificate);
                    using var leaf = X509Certificate2.CreateFromPem(certificate, key);
                    var usable = X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), password: null);
                    current = SslStreamCertificateContext.Create(usable, [.. chain.Skip(1)], offline: true);
                    (text, logged) = (certificate + key, null);
                }
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
            {
                if (current is null)
                {
                    throw new UnusableCertificateException(folder, failure);
                }

                var words = FailureWords.InOneLine(failure);
                if (log is not null && logged != words)
                {
                    logged = words;
                    LogKept(log, folder, words);
                }
            }

            return current;
        }
    }

    private string Read(string name) => File.ReadAllText(Path.Combine(folder, name));

    [LoggerMessage(
        Level = LogLevel.Warning,
        EventName = "CertificateNotRead",
        Message = "The certificate in {Folder} cannot be used, so the previous one stays in use. Correct tls.crt and tls.key. {Failure}"
    )]
    private static partial void LogKept(ILogger logger, string folder, string failure);
}

/// <summary>There is no certificate to serve with.</summary>
internal sealed class UnusableCertificateException(string folder, Exception cause)
    : ExplainedException(
        $"--http-tls {folder}: the certificate cannot be used: {cause.Message} The folder must hold tls.crt and tls.key (PEM), as a Secret "
            + "of type kubernetes.io/tls is mounted.",
        cause
    );
