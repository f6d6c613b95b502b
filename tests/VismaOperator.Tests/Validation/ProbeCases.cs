namespace VismaOperator.Tests.Validation;

/// <summary>Good and bad probes for the rules of the definition, as <see cref="CelCases"/>.</summary>
internal static class ProbeCases
{
    private const string Connection = "VismaConnection";

    internal static IReadOnlyList<(string Kind, string Spec)> Good { get; } =
    [
        (Connection, Probing("enabled: true")),
        (Connection, Probing("enabled: true, path: /, interval: 5m")),
        (Connection, Probing("path: '/customer/10001', interval: 168h")),
        (Connection, Probing("path: '/a.b/c_d/~e/$metadata/Accounts(1)', interval: 1h30m")),
        (Connection, Probing("path: '/customer?pageSize=1&filter=a%20b//..'")),
        (Connection, Probing("enabled: false", "apiVersion: v2")),
        (Connection, Probing("enabled: true, path: '/customerinvoice?pageSize=1'", "apiVersion: v2")),
        (Connection, Probing("enabled: true", "apiVersion: v1")),
        (Connection, Probing("enabled: true", "apiVersion: v2, baseURL: 'https://api.finance.visma.net/v1'")),
    ];

    internal static IReadOnlyList<(string Kind, string Spec, string Says)> Bad { get; } =
    [
        (Connection, Probing("path: ''"), "must begin with one slash"),
        (Connection, Probing("path: dimension"), "must begin with one slash"),
        (Connection, Probing("path: '//evil.example'"), "must begin with one slash"),
        (Connection, Probing("path: '///evil.example'"), "must begin with one slash"),
        (Connection, Probing("path: '/a//b'"), "must begin with one slash"),
        (Connection, Probing("path: '/a/'"), "must begin with one slash"),
        (Connection, Probing("path: '/\\evil.example'"), "must begin with one slash"),
        (Connection, Probing("path: '\\evil.example'"), "must begin with one slash"),
        (Connection, Probing("path: '@evil.example'"), "must begin with one slash"),
        (Connection, Probing("path: '/@evil.example'"), "must begin with one slash"),
        (Connection, Probing("path: ':443@evil.example/'"), "must begin with one slash"),
        (Connection, Probing("path: '.evil.example/'"), "must begin with one slash"),
        (Connection, Probing("path: '/../other'"), "must begin with one slash"),
        (Connection, Probing("path: '/a/./b'"), "must begin with one slash"),
        (Connection, Probing("path: '/a/..'"), "must begin with one slash"),
        (Connection, Probing("path: '/%2f%2fevil.example'"), "must begin with one slash"),
        (Connection, Probing("path: '/%2e%2e/other'"), "must begin with one slash"),
        (Connection, Probing("path: '/a#b'"), "must begin with one slash"),
        (Connection, Probing("path: '/a?b#c'"), "must begin with one slash"),
        (Connection, Probing("path: '/a b'"), "must begin with one slash"),
        (Connection, Probing("path: '/dimensi\u00f6n'"), "must begin with one slash"),
        (Connection, Probing("path: \"/a\\r\\nHost: evil.example\""), "must begin with one slash"),
        (Connection, Probing("path: \"/a\\n\""), "must begin with one slash"),
        (Connection, Probing("path: 'https://evil.example/'"), "must begin with one slash"),
        (Connection, Probing("enabled: true", "apiVersion: v2"), "version 1 of the API only"),
        (Connection, Probing("enabled: true, path: /dimension", "apiVersion: v2"), "version 1 of the API only"),
        (Connection, Probing("interval: ''"), "between 5m and 168h"),
        (Connection, Probing("interval: 4m59s"), "between 5m and 168h"),
        (Connection, Probing("interval: 168h1ms"), "between 5m and 168h"),
        (Connection, Probing("interval: 1d"), "between 5m and 168h"),
    ];

    private static string Probing(string probe, string more = "displayName: a") =>
        $"{{oauthClientRef: {{name: c}}, scopes: ['a:b'], {more}, probe: {{{probe}}}}}";
}
