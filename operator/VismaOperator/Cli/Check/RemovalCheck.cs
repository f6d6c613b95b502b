using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Cli.Check;

/// <summary>
/// Says which connections of a cluster would lose their Secret by a client as the files have it, before somebody applies it.
/// </summary>
internal sealed class RemovalCheck(DeclaredObjects objects, FindingList findings)
{
    private const int MostNames = 20;

    internal void Check(Declared<OAuthClient> client)
    {
        if (objects.Live?.Clients.FirstOrDefault(live => live.Metadata.NamespacedName == client.Name) is not { } before)
        {
            return;
        }

        var after = client.Resource;
        var users = objects
            .Live.Connections.Where(connection =>
                connection.Status.SecretName is not null && connection.ClientName() == client.Name && !IsDeclared(connection)
            )
            .ToList();
        Warn(
            client,
            "spec.tenants",
            users.Where(user => IsServed(before, user) && !IsServed(after, user)),
            after.Spec.Tenants is not null && before.Spec.Tenants is null
                ? "the first entry of spec.tenants closes the client for all that is not listed"
                : "spec.tenants would no longer have the tenant, namespace and scopes"
        );
        Warn(
            client,
            "spec.allowedNamespaces",
            users.Where(user => Of(before, user) == Allowance.Given && Of(after, user) == Allowance.Denied),
            "their namespaces would no longer be allowed"
        );
        var unknown = users
            .Where(user => Of(after, user) == Allowance.Unknown && IsServed(before, user))
            .Select(user => user.Metadata.Namespace)
            .Distinct()
            .ToList();
        if (unknown.Count > 0 && before.Spec.AllowedNamespaces != after.Spec.AllowedNamespaces)
        {
            findings.Inform(
                client.Document,
                "spec.allowedNamespaces",
                CheckReasons.WouldLoseSecret,
                $"whether the selector still matches the namespaces {string.Join(", ", unknown)} was not checked, since the files do "
                + "not declare them: add their Namespace objects with -f"
            );
        }
    }

    private static bool IsServed(OAuthClient client, VismaConnection user) => ClientResolver.IsTenantAllowed(client.Spec.Tenants, user);

    private Allowance Of(OAuthClient client, VismaConnection user) =>
        ClientResolver.AllowanceOf(
            client,
            user.Metadata.NamespacedName.Namespace,
            objects.LabelsOf(user.Metadata.NamespacedName.Namespace)
        );

    // Those of the files are checked as they will be.
    private bool IsDeclared(VismaConnection connection) =>
        objects.Connections.Any(declared => declared.Name == connection.Metadata.NamespacedName);

    private void Warn(Declared<OAuthClient> client, string path, IEnumerable<VismaConnection> losing, string cause)
    {
        var names = losing
            .Select(user => $"{user.Metadata.NamespacedName} (Secret {user.Status.SecretName})")
            .Order(StringComparer.Ordinal)
            .ToList();
        if (names.Count > 0)
        {
            var more = names.Count > MostNames ? $" and {names.Count - MostNames} more" : string.Empty;
            findings.Warn(
                client.Document,
                path,
                CheckReasons.WouldLoseSecret,
                $"in the cluster, VismaConnection {string.Join(", ", names.Take(MostNames))}{more} would lose the Secret within "
                + $"seconds: {cause}. Allow them here first, or point them to another client"
            );
        }
    }
}
