using System.Text;
using Kubernetes.Client.Resources;

namespace VismaOperator.VismaConnections;

/// <summary>Renders the keys of the consumer Secret: the standard ones, and those of the template around them.</summary>
internal static class TokenSecretData
{
    // The only type that a token endpoint's answer is accepted with.
    private const string Bearer = "Bearer";

    /// <summary>Every key with its value.</summary>
    public static IReadOnlyDictionary<string, SecretValue> Render(VismaConnection connection, IssuedToken token)
    {
        var values = StandardValues(connection, token);
        foreach (var (key, template) in connection.Spec.Secret.Template?.Data ?? new Dictionary<string, string>())
        {
            values[key] = Expand(template, values);
        }

        return values.ToDictionary(pair => pair.Key, pair => SecretValue.FromText(pair.Value), StringComparer.Ordinal);
    }

    private static Dictionary<string, string> StandardValues(VismaConnection connection, IssuedToken token) => new(StringComparer.Ordinal)
    {
        [StandardKeys.AccessToken] = token.AccessToken.Reveal(),
        [StandardKeys.TokenType] = Bearer,
        [StandardKeys.Authorization] = $"{Bearer} {token.AccessToken.Reveal()}",
        [StandardKeys.ExpiresAt] = TokenSecret.Rfc3339(token.ExpirationTime),
        [StandardKeys.Scope] = string.Join(' ', token.GrantedScopes ?? connection.Spec.Scopes),
        [StandardKeys.TenantId] = connection.Spec.TenantId ?? string.Empty,
        [StandardKeys.ApiVersion] = connection.Spec.ErpApiVersionName(),
        [StandardKeys.BaseUrl] = connection.Spec.EffectiveBaseUrl(),
    };

    // Only ${standard key} is replaced; the rules refuse other names, so whatever else stands in a template is meant as it stands.
    private static string Expand(string template, Dictionary<string, string> values)
    {
        var text = new StringBuilder(template);
        foreach (var key in StandardKeys.All)
        {
            text.Replace($"${{{key}}}", values[key]);
        }

        return text.ToString();
    }
}
