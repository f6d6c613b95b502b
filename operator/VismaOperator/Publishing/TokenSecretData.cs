using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Publishing;

/// <summary>Renders the keys of the token Secret: the standard ones, and those of presets and template around them.</summary>
internal static class TokenSecretData
{
    // An answer with another token type is not accepted.
    private const string Bearer = "Bearer";

    /// <summary>Every key with its value.</summary>
    public static IReadOnlyDictionary<string, SecretValue> Render(VismaConnection connection, IssuedToken token)
    {
        var values = StandardValues(connection, token);
        var (presets, templates) = (connection.Spec.Secret.Presets, connection.Spec.Secret.Template?.Data);
        if (presets.Count == 0 && templates is not { Count: > 0 })
        {
            return values;
        }

        var data = new Dictionary<string, SecretValue>(values, StringComparer.Ordinal);
        foreach (var (key, text) in presets.SelectMany(preset => PresetTexts.Of(preset, ValueOf)))
        {
            data[key] = SecretValue.FromText(text);
        }

        foreach (var (key, template) in templates ?? new Dictionary<string, string>())
        {
            data[key] = SecretValue.FromText(TemplateText.Render(template, ValueOf));
        }

        return data;

        string ValueOf(string key) => values[key].RevealText();
    }

    private static Dictionary<string, SecretValue> StandardValues(VismaConnection connection, IssuedToken token) =>
        new(StringComparer.Ordinal)
        {
            [StandardKeys.AccessToken] = SecretValue.FromText(token.AccessToken.Reveal()),
            [StandardKeys.TokenType] = SecretValue.FromText(Bearer),
            [StandardKeys.Authorization] = SecretValue.FromText($"{Bearer} {token.AccessToken.Reveal()}"),
            [StandardKeys.ExpiresAt] = SecretValue.FromText(SecretInstant.Text(token.ExpirationTime)),
            [StandardKeys.Scope] = SecretValue.FromText(string.Join(' ', token.GrantedScopes ?? connection.Spec.Scopes)),
            [StandardKeys.TenantId] = SecretValue.FromText(connection.Spec.TenantId ?? string.Empty),
            [StandardKeys.ApiVersion] = SecretValue.FromText(connection.Spec.ErpApiVersionName()),
            [StandardKeys.BaseUrl] = SecretValue.FromText(connection.Spec.EffectiveBaseUrl()),
        };
}
