using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;

namespace VismaOperator.Testing.ApiServer.Cluster;

/// <summary>
/// How a kubeconfig says to reach a cluster. It builds on the public Kubernetes client, not on the operator's own access code, so that the
/// tests of that code have an independent judge. Certificates, tokens, token files and exec plugins work.
/// </summary>
internal sealed class ClusterAccess
{
    private readonly KubernetesClientConfiguration configuration;

    private ClusterAccess(KubernetesClientConfiguration configuration)
    {
        this.configuration = configuration;
        Server = new Uri(configuration.Host);
    }

    /// <summary>Where the API server answers.</summary>
    public Uri Server { get; }

    /// <summary>What a client must trust, as PEM; null where the machine's own authorities do.</summary>
    public string? AuthorityPem => configuration.SslCaCerts is { Count: > 0 } authorities ? authorities.ExportCertificatePems() : null;

    /// <summary>Reads the current context of a kubeconfig file.</summary>
    /// <exception cref="NotSupportedException">The file wants no verification of the server.</exception>
    public static ClusterAccess Load(string kubeconfigPath)
    {
        var read = KubernetesClientConfiguration.BuildConfigFromConfigFile(new FileInfo(kubeconfigPath));
        return read.SkipTlsVerify
            ? throw new NotSupportedException($"{kubeconfigPath} has insecure-skip-tls-verify; give it certificate-authority-data instead.")
            : new ClusterAccess(read);
    }

    /// <summary>A handler that speaks as the kubeconfig's user.</summary>
    public HttpMessageHandler CreateHandler()
    {
        var handler = CreateAnonymousHandler();
        if (ClientCertificate() is { } certificate)
        {
            handler.SslOptions.ClientCertificates = [certificate];
        }

        return new CredentialsHandler(handler, Kubernetes.CreateCredentials(configuration));
    }

    /// <summary>
    /// A handler that brings no credentials: for requests that carry their own. A client certificate would win over their token.
    /// </summary>
    public SocketsHttpHandler CreateAnonymousHandler()
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
        };
        if (configuration.SslCaCerts is { Count: > 0 } authorities)
        {
            handler.SslOptions.CertificateChainPolicy = TrustOnly(authorities);
        }

        handler.SslOptions.TargetHost = configuration.TlsServerName;
        return handler;
    }

    private static X509ChainPolicy TrustOnly(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private X509Certificate2? ClientCertificate()
    {
        if (configuration is { ClientCertificateData: { } certificate, ClientCertificateKeyData: { } key })
        {
            return X509Certificate2.CreateFromPem(FromBase64(certificate), FromBase64(key));
        }

        return configuration is { ClientCertificateFilePath: { } certificateFile, ClientKeyFilePath: { } keyFile }
            ? X509Certificate2.CreateFromPemFile(certificateFile, keyFile)
            : null;
    }

    private static string FromBase64(string text) => Encoding.UTF8.GetString(Convert.FromBase64String(text));

    private sealed class CredentialsHandler(HttpMessageHandler inner, k8s.Authentication.ServiceClientCredentials? credentials)
        : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (credentials is not null)
            {
                await credentials.ProcessHttpRequestAsync(request, cancellationToken);
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }
}
