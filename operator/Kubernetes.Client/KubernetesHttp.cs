using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Kubernetes.Client.Access;
using Kubernetes.Client.Http;

namespace Kubernetes.Client;

/// <summary>
/// The connections to one API server. Ordinary requests share one HTTP/2 connection; watches have a handler of their own
/// that opens more connections when one is full (API servers allow 100 to 250 streams on each), so that hundreds of
/// watches neither wait for each other nor hold up a write. Falls back to HTTP/1.1 where the server has no HTTP/2.
/// </summary>
public sealed class KubernetesHttp : IDisposable
{
    private readonly ICredential credential;

    /// <summary>
    /// Opens nothing yet; the first request does. Requests are counted as <c>rest_client_requests_total</c> in the meter
    /// <c>Kubernetes.Client</c>.
    /// </summary>
    public KubernetesHttp(ClusterAccess access, KubernetesHttpOptions options, TimeProvider clock, IMeterFactory meters)
    {
        Access = access;
        Options = options;
        credential = access.Credential(clock);
        var metrics = new RequestMetrics(meters);
        Requests = Client(access.DisablesCompression ? DecompressionMethods.None : DecompressionMethods.GZip, metrics, clock);
        Watches = Client(DecompressionMethods.None, metrics, clock); // a compressed watch would hold events back in its window
    }

    internal ClusterAccess Access { get; }

    internal KubernetesHttpOptions Options { get; }

    internal HttpClient Requests { get; }

    internal HttpClient Watches { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Requests.Dispose();
        Watches.Dispose();
        (credential as IDisposable)?.Dispose();
    }

    private HttpClient Client(DecompressionMethods decompression, RequestMetrics metrics, TimeProvider clock)
    {
        var connections = new CertifiedConnections(certificate => Handler(decompression, certificate), credential, clock);
        var counted = new CountingHandler(metrics) { InnerHandler = connections };
        var authenticated = new CredentialHandler(Access, credential) { InnerHandler = counted };
        var client = new HttpClient(authenticated)
        {
            BaseAddress = Access.Server,
            Timeout = Timeout.InfiniteTimeSpan, // each request has a limit of its own, on the injected clock
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", "visma-operator");
        return client;
    }

    private SocketsHttpHandler Handler(DecompressionMethods decompression, X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ActivityHeadersPropagator = null, // CountingHandler sends its own span; baggage, or the trace of a browser, goes nowhere
            AllowAutoRedirect = false, // a redirect would carry the token elsewhere
            UseCookies = false,
            AutomaticDecompression = decompression,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // A connection whose peer is gone is noticed after both of them instead of at the next write.
            KeepAlivePingDelay = Options.KeepAlivePingDelay,
            KeepAlivePingTimeout = Options.KeepAlivePingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            // A new connection resolves the name again.
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            SslOptions = Tls(certificate),
            UseProxy = Access.Proxy is not null, // never what the runtime reads from the environment
            Proxy = Access.Proxy,
            RequestHeaderEncodingSelector = static (name, _) => Impersonation.HeaderEncoding(name),
        };
        return handler;
    }

    private SslClientAuthenticationOptions Tls(X509Certificate2? certificate)
    {
        var tls = new SslClientAuthenticationOptions
        {
            LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate!,
        };
        if (Access.SkipsTlsVerification)
        {
#pragma warning disable CA5359 // the kubeconfig says insecure-skip-tls-verify, and kubectl obeys it too
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else
        {
#pragma warning disable CA5359 // it refuses by an exception that says why
            tls.RemoteCertificateValidationCallback = new ServerCertificateCheck(Access).Accept;
#pragma warning restore CA5359
        }

        return tls;
    }
}
