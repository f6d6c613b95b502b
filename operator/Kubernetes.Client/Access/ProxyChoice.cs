using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kubernetes.Client.Access;

/// <summary>
/// Which requests go through a proxy, as Go's <c>net/http</c> and thereby kubectl decide it
/// (<see href="https://pkg.go.dev/golang.org/x/net/http/httpproxy"/>). The runtime's own reading of the variables is not used: it knows no
/// CIDR, no <c>*</c> and no
/// port in <c>NO_PROXY</c>, prefers the names in lower case, and reads <c>ALL_PROXY</c>, so that a pod with <c>NO_PROXY=10.0.0.0/8</c>
/// would ask a proxy for its own API server.
/// </summary>
public sealed class ProxyChoice : IWebProxy
{
    private readonly Func<Uri, Uri?> proxyFor;
    private Uri? only;

    private ProxyChoice(Func<Uri, Uri?> proxyFor) => this.proxyFor = proxyFor;

    /// <summary>User and password of the proxy's address.</summary>
    public ICredentials? Credentials { get; set; }

    /// <summary>
    /// For destinations of both schemes: <see cref="FromEnvironment(Func{string, string?}, string)"/> by the scheme of each.
    /// </summary>
    public static ProxyChoice FromEnvironment(Func<string, string?> variable)
    {
        var (secure, plain) = (FromEnvironment(variable, Uri.UriSchemeHttps), FromEnvironment(variable, Uri.UriSchemeHttp));
        return new ProxyChoice(destination => (destination.Scheme == Uri.UriSchemeHttps ? secure : plain).GetProxy(destination))
        {
            Credentials = new OfTwo(secure, plain),
        };
    }

    /// <summary>This proxy for every request, loopback too: <c>proxy-url</c> of a cluster.</summary>
    public static ProxyChoice Always(Uri proxy) => Of(proxy, _ => true);

    /// <summary>
    /// <c>HTTPS_PROXY</c>, <c>HTTP_PROXY</c> and <c>NO_PROXY</c>; the lower-case names where these are empty. Loopback addresses are never
    /// proxied.
    /// </summary>
    public static ProxyChoice FromEnvironment(Func<string, string?> variable, string scheme)
    {
        var proxy = Address(Variable(variable, scheme == Uri.UriSchemeHttps ? "HTTPS_PROXY" : "HTTP_PROXY"));
        var exceptions = NoProxy.Parse(Variable(variable, "NO_PROXY"));
        return proxy is null
            ? new ProxyChoice(_ => null)
            : Of(proxy, destination => !exceptions.Any(exception => exception(destination)) && !IsLoopback(destination));
    }

    /// <inheritdoc/>
    public Uri? GetProxy(Uri destination) => proxyFor(destination);

    /// <inheritdoc/>
    public bool IsBypassed(Uri host) => proxyFor(host) is null;

    // The password does not stay in the address, since errors quote it.
    private static ProxyChoice Of(Uri proxy, Func<Uri, bool> isUsed)
    {
        var bare = new UriBuilder(proxy) { UserName = string.Empty, Password = string.Empty }.Uri;
        var user = proxy.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString).ToList();
        return new ProxyChoice(destination => isUsed(destination) ? bare : null)
        {
            only = bare,
            Credentials = proxy.UserInfo.Length == 0 ? null : new NetworkCredential(user[0], user.ElementAtOrDefault(1) ?? string.Empty),
        };
    }

    private static string? Variable(Func<string, string?> variable, string name) =>
        variable(name) is { Length: > 0 } upper ? upper : variable(name.ToLowerInvariant());

    // "proxy:3128" is meant as "http://proxy:3128". What is no address at all counts as absent, as in Go.
    private static Uri? Address(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var isWhole = text.Contains("://", StringComparison.Ordinal);
        return Uri.TryCreate(isWhole ? text : $"http://{text}", UriKind.Absolute, out var address) ? address : null;
    }

    private static bool IsLoopback(Uri destination) =>
        destination.IdnHost == "localhost" || (IPAddress.TryParse(destination.IdnHost, out var address) && IPAddress.IsLoopback(address));

    /// <summary>The credentials of whichever of two proxies asks for them.</summary>
    private sealed class OfTwo(ProxyChoice secure, ProxyChoice plain) : ICredentials
    {
        public NetworkCredential? GetCredential(Uri uri, string authType) =>
            new[] { secure, plain }
                .FirstOrDefault(choice => choice.only == uri)
                ?.Credentials?.GetCredential(uri, authType);
    }

    /// <summary>The entries of <c>NO_PROXY</c>.</summary>
    private static class NoProxy
    {
        public static IReadOnlyList<Func<Uri, bool>> Parse(string? list) =>
            [.. (list ?? string.Empty).ToLowerInvariant()
                .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(Entry)
                .OfType<Func<Uri, bool>>()];

        private static Func<Uri, bool>? Entry(string text)
        {
            if (text == "*")
            {
                return _ => true;
            }

            if (Network(text) is { } network)
            {
                return destination => Ip(destination.IdnHost) is { } address && network.Contains(address);
            }

            var (host, port) = HostAndPort(text);
            if (host.Length == 0)
            {
                return null;
            }

            return Ip(host) is { } named
                ? destination => IsPort(destination, port) && named.Equals(Ip(destination.IdnHost))
                : destination => IsPort(destination, port) && IsDomain(destination.IdnHost, host);
        }

        // "example.com" means the name and all below it, ".example.com" and "*.example.com" only those below.
        private static bool IsDomain(string host, string domain)
        {
            var below = domain.StartsWith("*.", StringComparison.Ordinal) ? domain[1..] : domain;
            return below[0] == '.'
                ? host.EndsWith(below, StringComparison.OrdinalIgnoreCase)
                : host.Equals(below, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + below, StringComparison.OrdinalIgnoreCase);
        }

        private static bool IsPort(Uri destination, string port) =>
            port.Length == 0 || port == destination.Port.ToString(CultureInfo.InvariantCulture);

        // An IPv6 address without brackets has no port; more than one colon means just that.
        private static (string Host, string Port) HostAndPort(string text)
        {
            var colon = text.LastIndexOf(':');
            var hasPort = colon >= 0 && (text.IndexOf(':', StringComparison.Ordinal) == colon || text[..colon].EndsWith(']'));
            var (host, port) = hasPort ? (text[..colon], text[(colon + 1)..]) : (text, string.Empty);
            return (hasPort && host.StartsWith('[') && host.EndsWith(']') ? host[1..^1] : host, port);
        }

        // The bits behind the prefix need not be zero.
        private static IPNetwork? Network(string text)
        {
            var parts = text.Split('/');
            if (parts.Length != 2
                || Ip(parts[0]) is not { } address
                || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var prefix))
            {
                return null;
            }

            var bytes = address.GetAddressBytes();
            if (prefix > bytes.Length * 8)
            {
                return null;
            }

            for (var bit = prefix; bit < bytes.Length * 8; bit++)
            {
                bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
            }

            return new IPNetwork(new IPAddress(bytes), prefix);
        }

        // "10.1" and "010.0.0.1" are addresses to the runtime, but not to Go.
        private static IPAddress? Ip(string text)
        {
            if (!IPAddress.TryParse(text, out var address) || text.Contains('[', StringComparison.Ordinal))
            {
                return null;
            }

            return address.AddressFamily == AddressFamily.InterNetwork
                ? address.ToString() == text ? address : null
                : address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        }
    }
}
