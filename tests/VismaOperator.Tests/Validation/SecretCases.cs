namespace VismaOperator.Tests.Validation;

/// <summary>Good and bad presets and copies for the rules of the definition, as <see cref="CelCases"/>.</summary>
internal static class SecretCases
{
    private const string Connection = "VismaConnection";

    internal static IReadOnlyList<(string Kind, string Spec)> Good { get; } =
    [
        (Connection, With("presets: [dotenv, appsettings.json, curl, service-binding]")),
        (Connection, With("presets: [curl], template: {data: {dotenv: a, type: b, provider: c, uri: d}}")),
        (Connection, With("presets: [service-binding], template: {data: {service-bindings: a, curl: b}}")),
        (Connection, With("presets: [], template: {data: {curl: a}}")),
        (Connection, With("copies: []")),
        (Connection, With("copies: [{namespace: a, name: b}, {namespace: b, name: b}, {namespace: a, name: a.b}]")),
    ];

    internal static IReadOnlyList<(string Kind, string Spec, string Says)> Bad { get; } =
    [
        (Connection, With("presets: [dotenv], template: {data: {dotenv: a}}"), "remove the preset"),
        (Connection, With("presets: [appsettings.json, curl], template: {data: {appsettings.json: a}}"), "remove the preset"),
        (Connection, With("presets: [service-binding], template: {data: {type: a}}"), "remove the preset"),
        (Connection, With("presets: [service-binding], template: {data: {provider: a}}"), "remove the preset"),
        (Connection, With("presets: [service-binding], template: {data: {uri: a}}"), "remove the preset"),
        (Connection, With("copies: [{namespace: a, name: b}, {namespace: a, name: b}]"), "listed twice"),
        (Connection, With("copies: [{namespace: a, name: other-visma-grant}]"), "choose another name"),
        (Connection, With("copies: [{namespace: a, name: other-visma-handoff}]"), "choose another name"),
    ];

    private static string With(string secret) => $"{{oauthClientRef: {{name: c}}, scopes: ['a:b'], secret: {{{secret}}}}}";
}
