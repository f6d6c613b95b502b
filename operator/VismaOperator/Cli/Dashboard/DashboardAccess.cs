using System.Buffers.Text;
using OAuth;

namespace VismaOperator.Cli.Dashboard;

/// <summary>
/// Who may see the dashboard: whoever opens the address that the terminal shows, once, and after that the browser which did. Every program
/// and every user of this machine can reach a loopback port, and so can every page in the person's browser.
/// </summary>
internal sealed class DashboardAccess
{
    /// <summary>The parameter of the address that holds the token.</summary>
    public const string TokenParameter = "token";

    private const string CookieName = "visma-dashboard";
    private const int TokenSize = 32; // bytes; nobody guesses them
    private const int FolderSize = 16;
    private const int HttpPort = 80; // browsers leave it out

    private readonly Sensitive token;
    private readonly Sensitive cookie;
    private int uses;

    /// <param name="randomBytes">Makes random bytes.</param>
    public DashboardAccess(Func<int, byte[]> randomBytes)
    {
        token = Sensitive.From(Base64Url.EncodeToString(randomBytes(TokenSize)));
        cookie = Sensitive.From(Base64Url.EncodeToString(randomBytes(TokenSize)));
        Folder = $"/{Base64Url.EncodeToString(randomBytes(FolderSize))}/";
    }

    /// <summary>
    /// Path below which everything is served. A browser sends a cookie to every port of a host, so to a server of somebody else on this
    /// machine as well. It does not below this path, which nobody knows.
    /// </summary>
    public string Folder { get; }

    /// <summary>The address that lets one browser in.</summary>
    public Uri AddressOn(int port) => new($"http://127.0.0.1:{port}/?{TokenParameter}={token.Reveal()}");

    /// <summary>
    /// False for a name that is not this machine's: a page of somebody else whose name was made to lead here (DNS rebinding).
    /// </summary>
    public static bool IsOurs(HostString host, int port) =>
        (host.Port ?? HttpPort) == port && (host.Host is "127.0.0.1" || host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase));

    /// <summary>Takes the token of an address.</summary>
    public TokenUse Take(string? shown) =>
        string.IsNullOrEmpty(shown) || !Sensitive.From(shown).FixedTimeEquals(token) ? TokenUse.Wrong
            : Interlocked.Increment(ref uses) == 1 ? TokenUse.First
            : TokenUse.Again;

    /// <summary>Lets the browser in from now on.</summary>
    public void Admit(HttpResponse response) =>
        response.Cookies.Append(
            CookieName,
            cookie.Reveal(),
            new CookieOptions { HttpOnly = true, SameSite = Microsoft.AspNetCore.Http.SameSiteMode.Strict, Path = Folder }
        );

    /// <summary>True for the browser that was let in.</summary>
    public bool Admits(HttpRequest request) =>
        request.Cookies[CookieName] is { Length: > 0 } shown && Sensitive.From(shown).FixedTimeEquals(cookie);

    /// <summary>
    /// True where the browser says that another site, or another port of this machine, asks for this (Fetch Metadata). Whoever opens the
    /// page itself is a person.
    /// </summary>
    public static bool IsForeign(IHeaderDictionary headers) =>
        headers["Sec-Fetch-Site"] is [{ } site] && site is not ("same-origin" or "none") && headers["Sec-Fetch-Mode"] != "navigate";

    /// <summary>True where the browser looks ahead, before the person has opened anything.</summary>
    public static bool IsGuess(IHeaderDictionary headers) =>
        headers["Sec-Purpose"].ToString().Contains("prefetch", StringComparison.OrdinalIgnoreCase)
        || headers["Purpose"] == "prefetch";
}

/// <summary>What became of a token that a browser showed.</summary>
internal enum TokenUse
{
    /// <summary>It is not ours.</summary>
    Wrong,

    /// <summary>It is ours, and nobody has shown it before.</summary>
    First,

    /// <summary>It is ours, and was shown before.</summary>
    Again,
}
