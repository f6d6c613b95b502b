namespace VismaOperator.Api;

/// <summary>Hashes that tell which part of a spec changed: what a token is asked with, or only how it is presented.</summary>
internal static class ConnectionHashes
{
    /// <summary>What a token is asked with, as far as the connection decides it. Scopes are a set, so their order does not count.</summary>
    public static string Inputs(VismaConnection connection) => ShortHash.Of(
        connection.ClientName().ToString(),
        connection.Spec.Grant.ToString(),
        connection.Spec.TenantId?.ToLowerInvariant(),
        connection.Spec.AllScopes ? "*" : string.Join(' ', connection.Spec.RequestedScopes().Order(StringComparer.Ordinal)));

    /// <summary>How the Secret is rendered around the token.</summary>
    public static string Layout(VismaConnection connection)
    {
        var template = connection.Spec.Secret.Template;
        return ShortHash.Of(
            connection.Spec.ErpApiVersionName(),
            connection.Spec.EffectiveBaseUrl(),
            connection.Spec.Secret.DeletionPolicy.ToString(),
            template?.Type,
            Flat(template?.Data),
            Flat(template?.Metadata?.Labels),
            Flat(template?.Metadata?.Annotations));
    }

    private static string Flat(IReadOnlyDictionary<string, string>? pairs) =>
        ShortHash.Of([
            .. (pairs ?? new Dictionary<string, string>())
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .SelectMany(pair => (string[])[pair.Key, pair.Value]),
        ]);
}
