using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace OAuth;

/// <summary>Settings of the connections to authorization servers.</summary>
public sealed record OAuthHttpOptions
{
    /// <summary>Time to resolve, connect and finish the TLS handshake. The default is 10 s: two retransmissions of a lost SYN.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Age at which a pooled connection is replaced, so that a moved DNS name is noticed. The default is 5 minutes.</summary>
    public TimeSpan PooledConnectionLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Roots to trust instead of the system's, for servers with a private authority; null for the system's.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    /// <summary>The proxy; null for the one the environment names (<c>HTTPS_PROXY</c>, <c>NO_PROXY</c>), if any.</summary>
    public IWebProxy? Proxy { get; init; }
}
