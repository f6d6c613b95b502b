using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace OAuth;

/// <summary>
/// Makes the one HTTP client for authorization servers: no redirects, no cookies, hosts held to a <see cref="HostPolicy"/>
/// on every request and after DNS.
/// </summary>
public static class OAuthHttp
{
    /// <summary>A client over <see cref="CreateHandler"/>. Its own timeout is off: every request has a deadline of its own.</summary>
    public static HttpClient CreateClient(HostPolicy policy, OAuthHttpOptions options) =>
        new(CreateHandler(policy, options), disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>The handler, for those who put handlers of their own around it.</summary>
    public static HttpMessageHandler CreateHandler(HostPolicy policy, OAuthHttpOptions options)
    {
        var sockets = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null, // no trace context or baggage of ours, or of a browser that asked us, for somebody else
            Proxy = options.Proxy,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionLifetime = options.PooledConnectionLifetime,
            MaxResponseHeadersLength = 32, // KiB; real answers have less than 4
            MaxResponseDrainSize = 0,      // an answer over the limit costs its connection, not our time
            ConnectCallback = (context, cancellationToken) => ConnectAsync(policy, context, cancellationToken),
        };
        if (options.TrustedRoots is { } roots)
        {
            sockets.SslOptions.CertificateChainPolicy = TrustOnly(roots);
        }

        if (options.CertificateSeen is { } see)
        {
            sockets.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                if (certificate is X509Certificate2 known)
                {
                    see(ServerCertificate.Of(known, chain, errors));
                }

                return errors == SslPolicyErrors.None;
            };
        }

        return new PolicyHandler(policy) { InnerHandler = sockets };
    }

    private static X509ChainPolicy TrustOnly(X509Certificate2Collection roots)
    {
        var chain = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // a private authority seldom has a reachable list
        };
        chain.CustomTrustStore.AddRange(roots);
        return chain;
    }

    private static async ValueTask<Stream> ConnectAsync(
        HostPolicy policy,
        SocketsHttpConnectionContext context,
        CancellationToken cancellationToken
    )
    {
        var target = context.DnsEndPoint;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (IsDirect(context) && policy.MustBePublic(target.Host))
            {
                var addresses = await ResolvePublicAsync(target.Host, cancellationToken);
                await socket.ConnectAsync(addresses, target.Port, cancellationToken);
            }
            else
            {
                await socket.ConnectAsync(target, cancellationToken);
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Behind a proxy the connection goes to the proxy's name, and it is the proxy that resolves the host.</summary>
    private static bool IsDirect(SocketsHttpConnectionContext context) =>
        context.InitialRequestMessage.RequestUri is { } uri
        && string.Equals(uri.IdnHost, context.DnsEndPoint.Host, StringComparison.OrdinalIgnoreCase);

    private static async Task<IPAddress[]> ResolvePublicAsync(string host, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        var publicOnes = Array.FindAll(addresses, PublicAddress.Is);
        return publicOnes.Length > 0
            ? publicOnes
            : throw new HostNotAllowedException(
                $"{host} resolves to a private address ({addresses.FirstOrDefault()}); list the host explicitly if that is meant");
    }

    private sealed class PolicyHandler(HostPolicy policy) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var problem = request.RequestUri is { } uri ? policy.ProblemWith(uri) : "the request has no URL";
            return problem is null
                ? base.SendAsync(request, cancellationToken)
                : Task.FromException<HttpResponseMessage>(new HostNotAllowedException(problem));
        }
    }
}

/// <summary>Settings of the connections to authorization servers.</summary>
public sealed record OAuthHttpOptions
{
    /// <summary>Time to resolve, connect and finish the TLS handshake. The default is 10 s: two retransmissions of a lost SYN.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Age at which a pooled connection is replaced, so that a moved DNS name is noticed. The default is 5 minutes.</summary>
    public TimeSpan PooledConnectionLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Roots to trust instead of the system's, for servers with a private authority; null for the system's.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    /// <summary>Told of the certificate of each new connection. It is judged as always.</summary>
    public Action<ServerCertificate>? CertificateSeen { get; init; }

    /// <summary>
    /// The proxy; null for the one that the runtime reads from the environment (<c>HTTPS_PROXY</c>, <c>NO_PROXY</c> without CIDR), if any.
    /// </summary>
    public IWebProxy? Proxy { get; init; }
}

/// <summary>Which URL schemes may be contacted.</summary>
public enum TransportRule
{
    /// <summary>https only.</summary>
    HttpsOnly,

    /// <summary>http too, for development: credentials then cross the network in the clear.</summary>
    HttpAllowed,
}
