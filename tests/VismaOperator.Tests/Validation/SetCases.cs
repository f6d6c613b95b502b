namespace VismaOperator.Tests.Validation;

/// <summary>Good and bad sets of connections for the rules of their definition.</summary>
internal static class SetCases
{
    private const string Set = "VismaConnectionSet";
    private const string Tenant = "2f5c0e7a-0c1d-4f5e-9a6b-3c8d7e6f5a4b";
    private const string Template = "template: {spec: {oauthClientRef: {name: c}, scopes: ['a:b']}}";
    private const string Tenants = $"tenants: [{{name: a, tenantID: {Tenant}}}]";

    internal static IReadOnlyList<(string Kind, string Spec)> Good { get; } =
    [
        (Set, $"{{{Tenants}, {Template}}}"),
        ($"{Set}:63", $"{{tenants: [], {Template}, deletionPolicy: Retain}}"),
        (Set, $"{{tenantsFrom: {{configMapKeyRef: {{name: m, key: tenants.yaml}}}}, {Template}}}"),
        (
            Set,
            "{tenantsFrom: {namespaceSelector: {matchExpressions: [{key: a, operator: In, values: [b]}]}, annotation: example.com/tenant}, "
            + $"{Template}}}"
        ),
        (
            Set,
            $"{{{Tenants}, template: {{metadata: {{labels: {{team: '${{tenantName}}'}}, annotations: {{example.com/t: '${{tenantID}}'}}}}, "
            + "spec: {oauthClientRef: {name: 'client-${tenantName}'}, tenantID: '${tenantID}', scopes: ['a:b'], secret: {name: "
            + "'${tenantName}-token'}}}}"
        ),
    ];

    internal static IReadOnlyList<(string Kind, string Spec, string Says)> Bad { get; } =
    [
        ($"{Set}:64", $"{{{Tenants}, {Template}}}", "63 characters"),
        (Set, $"{{{Template}}}", "exactly one of tenants"),
        (Set, $"{{{Tenants}, tenantsFrom: {{configMapKeyRef: {{name: m, key: k}}}}, {Template}}}", "exactly one of tenants"),
        (Set, $"{{tenants: [{{name: a, tenantID: acme}}], {Template}}}", "GUID"),
        (Set, $"{{tenantsFrom: {{}}, {Template}}}", "exactly one of configMapKeyRef"),
        (
            Set,
            $"{{tenantsFrom: {{configMapKeyRef: {{name: m, key: k}}, namespaceSelector: {{}}, annotation: a}}, {Template}}}",
            "exactly one of configMapKeyRef"
        ),
        (Set, $"{{tenantsFrom: {{namespaceSelector: {{}}}}, {Template}}}", "annotation goes with"),
        (Set, $"{{tenantsFrom: {{configMapKeyRef: {{name: m, key: k}}, annotation: a}}, {Template}}}", "annotation goes with"),
        (
            Set,
            "{tenantsFrom: {namespaceSelector: {matchExpressions: [{key: a, operator: In}]}, annotation: a}, " + $"{Template}}}",
            "In and NotIn need values"
        ),
        (
            Set,
            $"{{{Tenants}, template: {{spec: {{oauthClientRef: {{name: c}}, scopes: ['a:b'], tenantID: {Tenant}}}}}}}",
            "leave tenantID out"
        ),
        (
            Set,
            $"{{{Tenants}, template: {{metadata: {{labels: {{'a b': x}}}}, spec: {{oauthClientRef: {{name: c}}, scopes: ['a:b']}}}}}}",
            "correct the key"
        ),
        (
            Set,
            $"{{{Tenants}, template: {{metadata: {{labels: {{app.kubernetes.io/name: x}}}}, spec: {{oauthClientRef: {{name: c}}, scopes: "
            + "['a:b']}}}",
            "steer the cluster"
        ),
        (
            Set,
            $"{{{Tenants}, template: {{metadata: {{annotations: {{'a b': x}}}}, spec: {{oauthClientRef: {{name: c}}, scopes: ['a:b']}}}}}}",
            "correct the key"
        ),
        (
            Set,
            $"{{{Tenants}, template: {{metadata: {{annotations: {{visma-operator.io/requestedAt: x}}}}, spec: {{oauthClientRef: "
            + "{name: c}, scopes: ['a:b']}}}",
            "steer the cluster"
        ),
    ];
}
