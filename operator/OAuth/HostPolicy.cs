using System.Collections.Frozen;

namespace OAuth;

/// <summary>
/// Which hosts may be contacted. Built-in hosts live on the public internet, so a private address for one of them is a
/// sign of a spoofed or misconfigured resolver; a host that an administrator listed may be anywhere.
/// </summary>
public sealed class HostPolicy
{
    private readonly FrozenSet<string> builtInHosts;
    private readonly FrozenSet<string> listedHosts;
    private readonly TransportRule transport;

    /// <summary>
    /// Makes a policy of two lists of host names (ASCII, without port); a host on both counts as listed by the administrator.
    /// </summary>
    public HostPolicy(IEnumerable<string> builtInHosts, IEnumerable<string> listedHosts, TransportRule transport)
    {
        this.builtInHosts = builtInHosts.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        this.listedHosts = listedHosts.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        this.transport = transport;
    }

    /// <summary>Why <paramref name="uri"/> may not be contacted, as a sentence that names the remedy; null when it may.</summary>
    public string? ProblemWith(Uri uri)
    {
        if (!uri.IsAbsoluteUri || (uri.Scheme != Uri.UriSchemeHttps && uri.Scheme != Uri.UriSchemeHttp))
        {
            return "the URL is not an absolute https URL";
        }

        if (HostName.ProblemIn(uri.OriginalString) is { } problem)
        {
            return problem;
        }

        if (uri.Scheme == Uri.UriSchemeHttp && transport == TransportRule.HttpsOnly)
        {
            return $"http://{uri.Authority} is not encrypted; use https, or allow insecure issuers for development";
        }

        return Knows(uri) ? null : $"host {uri.Host} is not allowed; an administrator can list it";
    }

    /// <summary>Whether <paramref name="host"/> must resolve to public addresses.</summary>
    internal bool MustBePublic(string host) => builtInHosts.Contains(host) && !listedHosts.Contains(host);

    private bool Knows(Uri uri) => builtInHosts.Contains(uri.Host) || listedHosts.Contains(uri.Host);
}

/// <summary>A request was stopped by <see cref="HostPolicy"/> before a byte of it was sent.</summary>
public sealed class HostNotAllowedException(string message) : HttpRequestException(message);
