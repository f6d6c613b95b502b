using Kubernetes.Client;
using VismaOperator.Api;

namespace VismaOperator.Grants;

/// <summary>
/// The links at which a person can consent. Built from the public URL that the administrator configured, never from a header of a request.
/// The random part lets somebody begin; it is written to <c>status.authorization.url</c> and nowhere else.
/// </summary>
/// <param name="publicUrl">Where people reach the operator; null when it serves no consent pages.</param>
/// <param name="connectArguments">Arguments that <c>connect</c> needs to reach this operator; null when it needs none.</param>
/// <param name="randomBytes">Bytes that nobody can guess.</param>
internal sealed class ConsentLinks(Uri? publicUrl, string? connectArguments, Func<int, byte[]> randomBytes)
{
    /// <summary>Name of the query parameter that holds the random part.</summary>
    public const string StartParameter = "start";

    /// <summary>What begins the path of every page.</summary>
    public const string PagePath = "/connect";

    /// <summary>Arguments that <c>connect</c> needs to reach this operator; null when it needs none.</summary>
    public string? ConnectArguments => connectArguments;

    /// <summary>True when links can be made.</summary>
    public bool CanInvite => publicUrl is not null;

    /// <summary>
    /// Where the provider sends a browser back to, unless the client names another URI; null when consent pages are not served.
    /// </summary>
    public Uri? Callback => publicUrl is null ? null : new Uri(Base + OAuthClientSpec.DefaultRedirectPath);

    private string Base => publicUrl!.OriginalString.TrimEnd('/');

    /// <summary>A new link for a connection.</summary>
    public string New(NamespacedName connection) => $"{PageOf(connection)}?{StartParameter}={Unguessable.New(randomBytes).Reveal()}";

    /// <summary>True when the link is one of this operator's for that connection, as its public URL is now.</summary>
    public bool IsOurs(string url, NamespacedName connection) =>
        CanInvite && url.StartsWith($"{PageOf(connection)}?{StartParameter}=", StringComparison.Ordinal);

    /// <summary>The random part of a link; null when it has none.</summary>
    public static string? StartOf(string? url) => url?.Split($"?{StartParameter}=") is [_, var start] ? start : null;

    private string PageOf(NamespacedName connection) => $"{Base}{PagePath}/{connection.Namespace}/{connection.Name}";
}
