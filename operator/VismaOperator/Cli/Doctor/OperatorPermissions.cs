using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Doctor;

/// <summary>What the operator needs for one connection; a test compares it with the rules of the chart.</summary>
internal static class OperatorPermissions
{
    private static readonly (ResourceKind Kind, string? Part, string[] Verbs)[] ofEachNamespace =
    [
        (OAuthClient.ResourceKind, null, ["list", "watch"]),
        (VismaConnection.ResourceKind, null, ["list", "watch"]),
        (OAuthClient.ResourceKind, "status", ["patch"]),
        (VismaConnection.ResourceKind, "status", ["patch"]),
        (Secret.ResourceKind, null, ["list", "watch", "get", "create", "update", "delete"]),
        (Event.ResourceKind, null, ["create"]),
    ];

    private static readonly (ResourceKind Kind, string? Part, string[] Verbs)[] ofSets =
    [
        (VismaConnectionSet.ResourceKind, null, ["list", "watch"]),
        (VismaConnectionSet.ResourceKind, "status", ["patch"]),
        (VismaConnection.ResourceKind, null, ["create", "patch", "delete"]),
        (ConfigMap.ResourceKind, null, ["list", "watch"]),
    ];

    private static readonly string[] ofTheLease = ["get", "update"];
    private static readonly string[] ofRestarts = ["get", "patch"];

    // There it lists its kinds as in every namespace that it serves, and says nothing of them.
    private static readonly (ResourceKind Kind, string? Part, string[] Verbs)[] ofTargets =
    [
        .. ofEachNamespace.Where(rule => rule.Part is null && rule.Kind != Event.ResourceKind),
    ];

    /// <summary>The permissions.</summary>
    /// <param name="home">Namespace of the connection.</param>
    /// <param name="clientNamespace">Namespace of the client.</param>
    /// <param name="targets">Namespaces that the token is copied to.</param>
    /// <param name="served">Whether the operator serves all namespaces, or listed ones.</param>
    public static IReadOnlyList<ResourceAttributes> For(
        string home,
        string clientNamespace,
        IEnumerable<string> targets,
        NamespaceRange served
    )
    {
        var further = targets.Except([home, clientNamespace]).ToList();
        return
        [
            .. new[] { home, clientNamespace }.Distinct().SelectMany(name => In(name, ofEachNamespace)),
            .. further.SelectMany(name => In(name, ofTargets)),
            .. served == NamespaceRange.One
                ? targets.Prepend(home).Distinct().Select(name => Of(Namespace.ResourceKind, null, "get", name) with { Name = name })
                : [Of(Namespace.ResourceKind, null, "list", null), Of(Namespace.ResourceKind, null, "watch", null)],
        ];
    }

    /// <summary>What it takes to be the leader: without one nothing is renewed.</summary>
    /// <param name="home">Namespace of the operator.</param>
    public static IReadOnlyList<ResourceAttributes> OfLeader(string home) =>
        [
            Of(Lease.ResourceKind, null, "create", home),
            .. ofTheLease.Select(verb => Of(Lease.ResourceKind, null, verb, home) with { Name = "visma-operator" }),
        ];

    /// <summary>What it takes to restart a kind of workload.</summary>
    public static IEnumerable<ResourceAttributes> OfRestarts(ResourceKind kind, string home) =>
        ofRestarts.Select(verb => Of(kind, null, verb, home));

    /// <summary>What sets of connections take beyond that.</summary>
    public static IEnumerable<ResourceAttributes> OfSets(string home) =>
        ofSets.SelectMany(rule => rule.Verbs.Select(verb => Of(rule.Kind, rule.Part, verb, home)));

    /// <summary>One of them in words.</summary>
    public static string Words(ResourceAttributes access) =>
        $"{access.Verb} {access.Resource}{(access.Subresource is null ? string.Empty : $"/{access.Subresource}")}"
        + $"{(access.Group is null ? string.Empty : $".{access.Group}")}"
        + (
            access.Namespace is not { } ns ? string.Empty
            : access.Resource == Namespace.ResourceKind.Plural ? $" {ns}"
            : $" in namespace {ns}"
        );

    private static IEnumerable<ResourceAttributes> In(string name, (ResourceKind Kind, string? Part, string[] Verbs)[] rules) =>
        rules.SelectMany(rule => rule.Verbs.Select(verb => Of(rule.Kind, rule.Part, verb, name)));

    private static ResourceAttributes Of(ResourceKind kind, string? part, string verb, string? namespaceName) =>
        new()
        {
            Group = kind.Group.Length == 0 ? null : kind.Group,
            Resource = kind.Plural,
            Subresource = part,
            Verb = verb,
            Namespace = namespaceName,
        };
}
