using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.ChartTests.Support;

/// <summary>One verb on one resource, somewhere.</summary>
/// <param name="Namespace">The namespace; empty for all of them and for what has none.</param>
/// <param name="Verb">As RBAC names it.</param>
/// <param name="Resource">With its group behind a dot and its subresource behind a slash, for example
/// <c>vismaconnections/status.visma-operator.io</c>.</param>
/// <param name="Name">The one object that is meant; null for any.</param>
internal sealed record Permission(string Namespace, string Verb, string Resource, string? Name = null)
{
    /// <summary>What makes two permissions the same job wherever they apply.</summary>
    public string Job => $"{Verb} {Resource}";

    /// <summary>What a rule of a role grants, one by one.</summary>
    public static IEnumerable<Permission> Of(JsonNode rule, string namespaceName) =>
        from verb in Texts(rule["verbs"])
        from groupName in Texts(rule["apiGroups"])
        from resource in Texts(rule["resources"])
        from name in Texts(rule["resourceNames"]).DefaultIfEmpty()
        select new Permission(namespaceName, verb, Qualified(resource, groupName), string.IsNullOrEmpty(name) ? null : name);

    /// <summary>What a request needs; of one for no resource, its path.</summary>
    public static Permission Of(ProxiedRequest request)
    {
        var parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts[0] is not ("api" or "apis"))
        {
            return new Permission(string.Empty, VerbOf(request, string.Empty), request.Path);
        }

        var groupName = parts[0] == "api" ? string.Empty : parts[1];
        var rest = parts[(parts[0] == "api" ? 2 : 3)..];
        var namespaceName = rest is ["namespaces", var ns, ..] ? ns : string.Empty;
        var target = rest is ["namespaces", _, _, ..] ? rest[2..] : rest;
        var name = target.Length > 1 ? target[1] : null;
        var resource = target.Length > 2 ? $"{target[0]}/{target[2]}" : target[0];
        return new Permission(namespaceName, VerbOf(request, name), Qualified(resource, groupName), name);
    }

    private static string VerbOf(ProxiedRequest request, string? name) => request.Method switch
    {
        "GET" when request.IsWatch => "watch",
        "GET" => name is null ? "list" : "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => name is null ? "deletecollection" : "delete",
        var method => throw new NotSupportedException($"No verb for {method}."),
    };

    private static string Qualified(string resource, string groupName) => groupName.Length == 0 ? resource : $"{resource}.{groupName}";

    private static IEnumerable<string> Texts(JsonNode? list) => list is null ? [] : list.AsArray().Select(item => item!.GetValue<string>());
}
