using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Publishing;

/// <summary>Renders the keys of the token Secret: the standard ones, and those of the template around them.</summary>
internal static class TokenSecretData
{
    // The only type that a token endpoint's answer is accepted with.
    private const string Bearer = "Bearer";

    /// <summary>Every key with its value.</summary>
    public static IReadOnlyDictionary<string, SecretValue> Render(VismaConnection connection, IssuedToken token)
    {
        var values = StandardValues(connection, token);
        var rendered = new Dictionary<string, string>(values, StringComparer.Ordinal);
        foreach (var (key, template) in connection.Spec.Secret.Template?.Data ?? new Dictionary<string, string>())
        {
            rendered[key] = TemplateText.Render(template, name => values[name]);
        }

        return rendered.ToDictionary(pair => pair.Key, pair => SecretValue.FromText(pair.Value), StringComparer.Ordinal);
    }

    private static Dictionary<string, string> StandardValues(VismaConnection connection, IssuedToken token) => new(StringComparer.Ordinal)
    {
        [StandardKeys.AccessToken] = token.AccessToken.Reveal(),
        [StandardKeys.TokenType] = Bearer,
        [StandardKeys.Authorization] = $"{Bearer} {token.AccessToken.Reveal()}",
        [StandardKeys.ExpiresAt] = SecretInstant.Text(token.ExpirationTime),
        [StandardKeys.Scope] = string.Join(' ', token.GrantedScopes ?? connection.Spec.Scopes),
        [StandardKeys.TenantId] = connection.Spec.TenantId ?? string.Empty,
        [StandardKeys.ApiVersion] = connection.Spec.ErpApiVersionName(),
        [StandardKeys.BaseUrl] = connection.Spec.EffectiveBaseUrl(),
    };
}
