using Kubernetes.Client;
using Microsoft.AspNetCore.WebUtilities;
using VismaOperator.Api;
using VismaOperator.Consent.Flow;
using VismaOperator.Grants;

namespace VismaOperator.Consent.Web;

/// <summary>
/// The pages' address as people and browsers see it. It comes from the public URL only, since anybody can invent the host of a request.
/// </summary>
/// <param name="publicUrl">The public URL, without a slash at the end.</param>
internal sealed class ConsentSite(Uri publicUrl)
{
    private readonly string prefix = publicUrl.AbsolutePath.TrimEnd('/');

    /// <summary>The origin, as browsers write it.</summary>
    public string Origin { get; } = publicUrl.GetLeftPart(UriPartial.Authority);

    /// <summary>True when people reach the pages over TLS.</summary>
    public bool IsEncrypted { get; } = publicUrl.Scheme == Uri.UriSchemeHttps;

    /// <summary>
    /// True when browsers trust the address enough to say of a request which site it comes from (Secure Contexts, section 3.1).
    /// </summary>
    public bool IsTrustworthy => IsEncrypted || publicUrl.IsLoopback;

    /// <summary>The path of a connection's page, for forms.</summary>
    public string PathOf(NamespacedName connection) => $"{prefix}{ConsentLinks.PagePath}/{connection.Namespace}/{connection.Name}";

    /// <summary>The target of a request, whether or not a proxy removes the prefix of the public URL.</summary>
    public ConsentTarget TargetOf(PathString path)
    {
        var own = prefix.Length > 0 && path.StartsWithSegments(prefix, StringComparison.Ordinal, out var rest) ? rest : path;
        return own.Value?.Split('/') switch
        {
            ["", var connect, var namespaceName, var name]
                when "/" + connect == ConsentLinks.PagePath && ConsentState.NameOf(namespaceName, name) is { } connection =>
                new ConsentTarget.Page(connection),
            _ when own.Value == OAuthClientSpec.DefaultRedirectPath => new ConsentTarget.Callback(),
            _ => new ConsentTarget.Nothing(),
        };
    }
}

/// <summary>What a request is for.</summary>
internal abstract record ConsentTarget
{
    private ConsentTarget()
    {
    }

    /// <summary>The page of a connection, whether or not there is one.</summary>
    public sealed record Page(NamespacedName Connection) : ConsentTarget;

    /// <summary>Where the provider sends browsers back to.</summary>
    public sealed record Callback : ConsentTarget;

    /// <summary>Nothing that is served.</summary>
    public sealed record Nothing : ConsentTarget;
}

/// <summary>The parameters of a query.</summary>
internal static class QueryPairs
{
    /// <summary>The decoded pairs, unchanged: the framework's own dictionary merges names that differ in case.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Of(QueryString query)
    {
        var pairs = new List<KeyValuePair<string, string?>>();
        foreach (var pair in new QueryStringEnumerable(query.Value))
        {
            pairs.Add(new(pair.DecodeName().ToString(), pair.DecodeValue().ToString()));
        }

        return pairs;
    }
}
