using System.Net;
using System.Net.Sockets;
using OAuth;

namespace VismaOperator.Cli.Connect;

/// <summary>
/// The redirect URI of a consent from a terminal, and where on this machine it leads (RFC 8252 section 7.3). Providers compare it with what
/// is registered character by character, so its spelling is kept.
/// </summary>
/// <param name="Uri">The redirect URI as it is registered.</param>
/// <param name="Addresses">Loopback addresses to listen on; none for both of <c>localhost</c>.</param>
internal sealed record RedirectTarget(Uri Uri, IReadOnlyList<IPAddress> Addresses)
{
    private const string Localhost = "localhost";

    /// <summary>True when the browser comes back over TLS.</summary>
    public bool IsEncrypted => Uri.Scheme == Uri.UriSchemeHttps;

    /// <summary>True for a name that this machine's hosts file or resolver maps to itself.</summary>
    public bool IsMapped => Addresses.Count > 0 && Uri.HostNameType == UriHostNameType.Dns;

    /// <summary>
    /// What is wrong with the form of a redirect URI; null when nothing is. <see cref="ResolveAsync"/> finds out whether its host is this
    /// machine.
    /// </summary>
    public static string? ProblemIn(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            return "is not an absolute http or https URL";
        }

        if (HostName.ProblemIn(url) is { } problem)
        {
            return "cannot be used: " + problem;
        }

        return uri.Fragment.Length + uri.Query.Length > 0 ? "has a query or a fragment" : null;
    }

    /// <summary>Finds out where the URI leads.</summary>
    /// <param name="uri">A redirect URI of sound form.</param>
    /// <param name="resolve">Looks a host name up.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ConnectException">Its host is not this machine: the code would go elsewhere.</exception>
    public static async Task<RedirectTarget> ResolveAsync(
        Uri uri,
        Func<string, CancellationToken, Task<IPAddress[]>> resolve,
        CancellationToken cancellationToken
    )
    {
        if (uri.Host == Localhost)
        {
            return new RedirectTarget(uri, []);
        }

        var addresses = IPAddress.TryParse(uri.DnsSafeHost, out var literal)
            ? [literal]
            : await LookUpAsync(uri, resolve, cancellationToken);
        return addresses.Length > 0 && addresses.All(IPAddress.IsLoopback)
            ? new RedirectTarget(uri, addresses)
            : throw NotHere(uri, addresses.Length == 0 ? "does not resolve" : "is not this machine");
    }

    private static async Task<IPAddress[]> LookUpAsync(
        Uri uri,
        Func<string, CancellationToken, Task<IPAddress[]>> resolve,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await resolve(uri.IdnHost, cancellationToken);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private static ConnectException NotHere(Uri uri, string cause) => new(
        $"The host {uri.Host} of the redirect URI {uri.OriginalString} {cause}, so the browser would not come back to this terminal. "
        + $"Use localhost or 127.0.0.1, or map the name to this machine: the line \"127.0.0.1 {uri.Host}\" in the hosts file.");
}
