using System.Globalization;
using VismaOperator.Manifests;

namespace VismaOperator.Tests.Validation;

/// <summary>Good and bad objects for the rules of both definitions.</summary>
internal static class CelCases
{
    private const string Client = "OAuthClient";
    private const string Connection = "VismaConnection";
    private const string Interactive = "oauthClientRef: {name: c}, grant: AuthorizationCode";
    private const string Tenant = "2f5c0e7a-0c1d-4f5e-9a6b-3c8d7e6f5a4b";
    private const string OneSecret = "clientSecrets: [{secretKeyRef: {name: s, key: k}}]";

    internal static IReadOnlyList<(string Kind, string Spec)> Good { get; } =
    [
        (Client, $"{{clientID: isv_acme, {OneSecret}}}"),
        (Client, $"{{clientIDFrom: {{secretKeyRef: {{name: s, key: id}}}}, {OneSecret}}}"),
        (
            Client,
            "{clientID: a, clientSecrets: [{secretKeyRef: {name: s, key: a}}, {secretKeyRef: {name: s, key: b}}, {secretKeyRef: {name: "
            + "t, key: a}}]}"
        ),
        (
            Client,
            $"{{clientID: a, {OneSecret}, issuer: 'http://localhost:8080', endpoints: {{token: 'http://localhost:8080/connect/token'}}}}"
        ),
        (Client, $"{{clientID: a, {OneSecret}, endpoints: {{token: 'https://connect.visma.com:65535/a/~b%20c@d'}}}}"),
        (
            Client,
            $"{{clientID: a, {OneSecret}, endpoints: {{authorization: 'https://connect.visma.com/connect/authorize', revocation: "
            + $"'https://connect.visma.com/connect/revocation'}}}}"
        ),
        (Client, $"{{clientID: a, {OneSecret}, redirectURI: 'https://operator.example.com/oauth2/callback'}}"),
        (Client, $"{{clientID: a, {OneSecret}, redirectURI: 'http://127.0.0.1:8888/'}}"),
        (Client, $"{{clientID: a, {OneSecret}, allowedNamespaces: {{from: All}}}}"),
        (Client, $"{{clientID: a, {OneSecret}, allowedNamespaces: {{from: Selector, selector: {{}}}}}}"),
        (
            Client,
            $"{{clientID: a, {OneSecret}, allowedNamespaces: {{from: Selector, selector: {{matchExpressions: [{{key: a, operator: In, "
            + $"values: [b]}}, {{key: a, operator: Exists}}]}}}}}}"
        ),
        (Client, $"{{clientID: a, {OneSecret}, tenants: [{{tenantID: {Tenant}, namespaces: [a], scopes: ['a:b']}}]}}"),
        (Connection, "{oauthClientRef: {name: c}, allScopes: true}"),
        (Connection, "{oauthClientRef: {name: c}, allScopes: true, scopes: []}"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['business-graphql-service-api:access-group-based']}"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['hrmanalytics:nlhrm:exportmetadata', '1:A', 'ea:api']}"),
        (Connection, $"{{oauthClientRef: {{name: c}}, scopes: ['vismanet_erp_service_api:read'], tenantID: {Tenant}}}"),
        (Connection, $"{{oauthClientRef: {{name: c}}, scopes: ['a:b'], tenantID: {Tenant.ToUpperInvariant()}}}"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], baseURL: 'https://api.finance.visma.net/v2'}"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], baseURL: 'https://api.finance.visma.net'}"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: 1s, renewBefore: 1h30m}}"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: 24h, renewBefore: 24h}}"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: 1000ms, renewBefore: 1s}}"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {renewBefore: 10m}}"),
        (Connection, $"{{{Interactive}, scopes: ['vismanet_erp_interactive_api:read'], tenantID: {Tenant}}}"),
        (Connection, $"{{{Interactive}, scopes: ['a:b', openid, tenants, offline_access]}}"),
        (Connection, $"{{{Interactive}, scopes: ['a:b'], allScopes: false, authorization: {{}}}}"),
        (Connection, $"{{{Interactive}, scopes: ['a:b'], authorization: {{deletionPolicy: Retain, consentLifetime: 1h}}}}"),
        (Connection, $"{{{Interactive}, scopes: ['a:b'], authorization: {{consentLifetime: 87600h}}}}"),
        ($"{Connection}:239", $"{{{Interactive}, scopes: ['a:b']}}"),
        ($"{Connection}:247", "{oauthClientRef: {name: c}, scopes: ['a:b'], grant: ClientCredentials}"),
        ($"{Connection}:253", "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {name: a}}"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {name: a-visma-grants}}"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {type: example.com/token}}}"),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {metadata: {labels: {team: a, example.com/team: ''}, "
            + "annotations: {reflector.example.com/allowed: 'any text, at all'}}}}}"
        ),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {data: {.env: x, a..b: x}}}}"),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {data: {a: 'x ${access_token} $ $$ ${scope}$', "
            + "appsettings.json: '{\"a\":\"${base_url}\"}', b: '$${tenant_id}', c: \"line\\nline\"}}}}"
        ),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], restart: []}"),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], restart: [{kind: Deployment, name: a}, {kind: StatefulSet, name: a}, {kind: "
            + "DaemonSet, name: a.b-1}]}"
        ),
        .. ProbeCases.Good,
        .. SecretCases.Good,
        .. SetCases.Good,
    ];

    internal static IReadOnlyList<(string Kind, string Spec, string Says)> Bad =>
    [
        .. Single,
        .. ProbeCases.Bad,
        .. SecretCases.Bad,
        .. SetCases.Bad,
        .. UrlFields.SelectMany(with => Urls.Select(url => (Client, $"{{clientID: a, {OneSecret}, {with(url.Url)}}}", url.Says))),
        .. Urls.Select(url => (Connection, $"{{oauthClientRef: {{name: c}}, scopes: ['a:b'], baseURL: {url.Url}}}", url.Says)),
    ];

    // One value for each rule that fields with a URL share.
    private static IReadOnlyList<(string Url, string Says)> Urls { get; } =
    [
        ("\"https://eu\\u2024integrator.io\"", "U+2024"),
        ("'https://connect visma.com'", "printable ASCII"),
        ("'ftp://connect.visma.com'", "begin with https://"),
        ("'https://user:pass@connect.visma.com'", "user name or password"),
        ("'https://connect.visma.com/a#x'", "fragment"),
        ("'https://-a.com'", "host name"),
    ];

    private static IReadOnlyList<Func<string, string>> UrlFields { get; } =
    [
        url => $"issuer: {url}",
        url => $"endpoints: {{token: {url}}}",
        url => $"endpoints: {{authorization: {url}}}",
        url => $"endpoints: {{revocation: {url}}}",
        url => $"redirectURI: {url}",
    ];

    private static IReadOnlyList<(string Kind, string Spec, string Says)> Single { get; } =
    [
        (Client, $"{{{OneSecret}}}", "exactly one of clientID"),
        (Client, $"{{clientID: a, clientIDFrom: {{secretKeyRef: {{name: s, key: id}}}}, {OneSecret}}}", "exactly one of clientID"),
        (
            Client,
            "{clientID: a, clientSecrets: [{secretKeyRef: {name: s, key: a}}, {secretKeyRef: {name: s, key: b}}, {secretKeyRef: {name: "
            + "s, key: a}}]}",
            "listed twice"
        ),
        (Client, $"{{clientID: a, {OneSecret}, issuer: \"https://eu\\u2024integrator.io\"}}", "U+2024"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: \"https://connect.visma.com\\n\"}}", "printable ASCII"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'https://connect visma.com'}}", "printable ASCII"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'connect.visma.com'}}", "begin with https://"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'ftp://connect.visma.com'}}", "begin with https://"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'HTTPS://connect.visma.com'}}", "begin with https://"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'https://user:pass@connect.visma.com'}}", "user name or password"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'https://connect.visma.com?x=1'}}", "query or a fragment"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'https://connect.visma.com#x'}}", "query or a fragment"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: ''}}", "begin with https://"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'https://'}}", "host name"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'https:///path'}}", "host name"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'https://-a.com'}}", "host name"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'https://a..com'}}", "host name"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'https://a.com:0'}}", "host name"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'https://a.com:65536'}}", "host name"),
        (Client, $"{{clientID: a, {OneSecret}, issuer: 'https://a.com\\evil.com'}}", "host name"),
        (Client, $"{{clientID: a, {OneSecret}, endpoints: {{token: ''}}}}", "begin with https://"),
        (
            Client,
            $"{{clientID: a, {OneSecret}, endpoints: {{authorization: 'connect.visma.com/connect/authorize'}}}}",
            "begin with https://"
        ),
        (
            Client,
            $"{{clientID: a, {OneSecret}, endpoints: {{revocation: 'https://connect.visma.com/connect/revocation#a'}}}}",
            "a query or a fragment"
        ),
        (Client, $"{{clientID: a, {OneSecret}, redirectURI: 'app://callback'}}", "begin with https://"),
        (Client, $"{{clientID: a, {OneSecret}, redirectURI: 'https://operator.example.com/oauth2/callback#a'}}", "a query or a fragment"),
        (Client, $"{{clientID: a, {OneSecret}, redirectURI: \"https://eu\\u2024integrator.io/callback\"}}", "U+2024"),
        (Client, $"{{clientID: a, {OneSecret}, allowedNamespaces: {{from: Selector}}}}", "set both or neither"),
        (Client, $"{{clientID: a, {OneSecret}, allowedNamespaces: {{selector: {{}}}}}}", "set both or neither"),
        (Client, $"{{clientID: a, {OneSecret}, allowedNamespaces: {{from: All, selector: {{}}}}}}", "set both or neither"),
        (
            Client,
            $"{{clientID: a, {OneSecret}, allowedNamespaces: {{from: Selector, selector: {{matchExpressions: [{{key: a, operator: "
            + $"In}}]}}}}}}",
            "add or remove values"
        ),
        (
            Client,
            $"{{clientID: a, {OneSecret}, allowedNamespaces: {{from: Selector, selector: {{matchExpressions: [{{key: a, operator: "
            + $"Exists, values: [b]}}]}}}}}}",
            "add or remove values"
        ),
        (Client, $"{{clientID: a, {OneSecret}, tenants: [{{tenantID: {Tenant}}}, {{tenantID: acme}}]}}", "must be a GUID"),
        (Connection, "{oauthClientRef: {name: c}}", "one of the two"),
        (Connection, "{oauthClientRef: {name: c}, scopes: []}", "one of the two"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], allScopes: true}", "one of the two"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b', 'vismanet_erp_service_api:read']}", "tenantID is required"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['visma.net.erp.salesorder:write']}", "tenantID is required"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b', openid]}", "speak of a user"),
        (Connection, "{oauthClientRef: {name: c}, scopes: [offline_access]}", "speak of a user"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b c:d']}", "one scope per list item"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['vismanet_erp_service_api']}", "one scope per list item"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:']}", "one scope per list item"),
        (Connection, "{oauthClientRef: {name: c}, scopes: [\"a:b\\n\"]}", "one scope per list item"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['å:b']}", "one scope per list item"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], tenantID: '12345'}", "must be a GUID"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], tenantID: ''}", "must be a GUID"),
        (Connection, $"{{oauthClientRef: {{name: c}}, scopes: ['a:b'], tenantID: '{{{Tenant}}}'}}", "must be a GUID"),
        (Connection, $"{{oauthClientRef: {{name: c}}, scopes: ['a:b'], tenantID: \"{Tenant}\\n\"}}", "must be a GUID"),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], baseURL: 'https://me@api.finance.visma.net/v1'}",
            "user name or password"
        ),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], baseURL: 'https://api․finance.visma.net/v1'}", "U+2024"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: ''}}", "between 1s and 24h"),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: 10}}".Replace(
                "10}",
                "'10'}",
                StringComparison.Ordinal
            ),
            "between 1s and 24h"
        ),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: 1d}}", "between 1s and 24h"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: 1.5h}}", "between 1s and 24h"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: -1h}}", "between 1s and 24h"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: 30m1h}}", "between 1s and 24h"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: 999ms}}", "between 1s and 24h"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: 24h1ms}}", "between 1s and 24h"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: 9999999s}}", "between 1s and 24h"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {renewBefore: 999999h}}", "between 1s and 24h"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {renewBefore: 5m}}", "must not be shorter"),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], refresh: {minRemainingValidity: 61s, renewBefore: 1m}}",
            "must not be shorter"
        ),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {type: kubernetes.io/tls}}}", "have a meaning"),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {type: bootstrap.kubernetes.io/token}}}",
            "have a meaning"
        ),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {type: x.k8s.io/y}}}", "have a meaning"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {type: visma-operator.io/grant}}}", "have a meaning"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {type: 'a b'}}}", "the type of a Secret is made of"),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {metadata: {labels: {app.kubernetes.io/managed-by: x}}}}}",
            "steer the cluster"
        ),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {metadata: {annotations: {argocd.argoproj.io/sync-options: "
            + "Prune=false}}}}}",
            "steer the cluster"
        ),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {metadata: {annotations: {visma-operator.io/connection: "
            + "other}}}}}",
            "steer the cluster"
        ),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {metadata: {annotations: {a.k8s.io/x: b}}}}}",
            "steer the cluster"
        ),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {metadata: {annotations: {Kubernetes.io/x: b}}}}}",
            "correct the key"
        ),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {metadata: {labels: {'a b': c}}}}}",
            "correct the key"
        ),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {data: {'.': x}}}}",
            "neither is a dot nor begins with two"
        ),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {data: {'..': x}}}}",
            "neither is a dot nor begins with two"
        ),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {data: {..data: x}}}}",
            "neither is a dot nor begins with two"
        ),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {metadata: {labels: {'': c}}}}}", "correct the key"),
        (
            Connection,
            $"{{oauthClientRef: {{name: c}}, scopes: ['a:b'], secret: {{template: {{metadata: {{labels: {{{new string('a', 64)}: "
            + $"c}}}}}}}}}}",
            "correct the key"
        ),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {metadata: {labels: {team: 'a b'}}}}}",
            "value of a label"
        ),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {metadata: {labels: {team: a.}}}}}",
            "value of a label"
        ),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {data: {access_token: x}}}}", "cannot be redefined"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {data: {a/b: x}}}}", "a key of a Secret"),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {data: {a: '${refresh_token}'}}}}",
            "correct the reference"
        ),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {data: {a: '${access_token'}}}}",
            "correct the reference"
        ),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {data: {a: '${}'}}}}", "correct the reference"),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {template: {data: {a: '${${scope}}'}}}}",
            "correct the reference"
        ),
        ($"{Connection}:248", "{oauthClientRef: {name: c}, scopes: ['a:b']}", "set spec.secret.name"),
        ($"{Connection}:240", $"{{{Interactive}, scopes: ['a:b']}}", "shorten the name"),
        ($"{Connection}:253", $"{{{Interactive}, scopes: ['a:b'], secret: {{name: a}}}}", "shorten the name"),
        (Connection, $"{{{Interactive}}}", "one of the two"),
        (Connection, $"{{{Interactive}, allScopes: true}}", "list them in scopes"),
        (Connection, $"{{{Interactive}, allScopes: true, scopes: ['a:b']}}", "list them in scopes"),
        (Connection, $"{{{Interactive}, scopes: ['vismanet_erp_interactive_api:read']}}", "tenantID is required"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], authorization: {}}", "set grant to AuthorizationCode"),
        (
            Connection,
            "{oauthClientRef: {name: c}, scopes: ['a:b'], grant: ClientCredentials, authorization: {consentLifetime: 720h}}",
            "set grant to AuthorizationCode"
        ),
        (Connection, $"{{{Interactive}, scopes: ['a:b'], authorization: {{consentLifetime: 59m59s999ms}}}}", "between 1h and 87600h"),
        (Connection, $"{{{Interactive}, scopes: ['a:b'], authorization: {{consentLifetime: 87600h1ms}}}}", "between 1h and 87600h"),
        (Connection, $"{{{Interactive}, scopes: ['a:b'], authorization: {{consentLifetime: 365d}}}}", "between 1h and 87600h"),
        (Connection, $"{{{Interactive}, scopes: ['a:b'], authorization: {{consentLifetime: ''}}}}", "between 1h and 87600h"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {name: other-visma-grant}}", "choose another name"),
        (Connection, "{oauthClientRef: {name: c}, scopes: ['a:b'], secret: {name: other-visma-handoff}}", "choose another name"),
    ];

    // Pieces that rules look at, put together at random: most results are wrong in some way that nobody thought of.
    private static readonly string[] pieces =
    [
        "https://",
        "http://",
        "a",
        "B",
        ".",
        "-",
        ":",
        ":80",
        "/",
        "?",
        "#",
        "@",
        "$",
        "${",
        "{",
        "}",
        "${scope}",
        "access_token",
        "1h",
        "10m",
        "90s",
        "500ms",
        "k8s.io",
        "kubernetes.io/",
        "\n",
        " ",
        "\u2024",
        "0",
        "9",
        "_",
        "%",
    ];

    /// <summary>A connection of which one value is made up.</summary>
    internal static ManifestDocument MadeUp(Random random)
    {
        var text = string.Concat(Enumerable.Range(0, random.Next(1, 7)).Select(_ => pieces[random.Next(pieces.Length)]));
        var value = System.Text.Json.Nodes.JsonValue.Create(text).ToJsonString();
        var field = random.Next(9) switch
        {
            0 => $"\"baseURL\": {value}",
            1 => $"\"tenantID\": {value}",
            2 => $"\"refresh\": {{\"minRemainingValidity\": {value}}}",
            3 => $"\"refresh\": {{\"renewBefore\": {value}}}",
            4 => $"\"secret\": {{\"template\": {{\"type\": {value}}}}}",
            5 => $"\"secret\": {{\"template\": {{\"metadata\": {{\"labels\": {{{value}: {value}}}}}}}}}",
            6 => $"\"secret\": {{\"template\": {{\"data\": {{\"a\": {value}, {value}: \"x\"}}}}}}",
            7 => $"\"grant\": \"AuthorizationCode\", \"authorization\": {{\"consentLifetime\": {value}}}",
            _ => "\"suspend\": false",
        };
        return Document(
            Connection,
            $"{{\"oauthClientRef\": {{\"name\": \"c\"}}, \"scopes\": [{(field == "\"suspend\": false" ? value : "\"a:b\"")}], {field}}}"
        );
    }

    /// <summary>An object. A kind may be followed by a colon and the length of the object's name.</summary>
    internal static ManifestDocument Document(string kind, string spec)
    {
        var parts = kind.Split(':');
        var name = new string('a', parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 1);
        var set = ManifestReader.ReadText(
            "case.yaml",
            $"apiVersion: visma-operator.io/v1\nkind: {parts[0]}\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        );
        Assert.Empty(set.Problems);
        return set.Documents.Single();
    }
}
