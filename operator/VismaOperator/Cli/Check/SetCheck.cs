using System.Text.Json;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Manifests;
using VismaOperator.Sets;

namespace VismaOperator.Cli.Check;

/// <summary>Checks what a set makes: each connection by itself, and as if the files declared it.</summary>
internal sealed class SetCheck(
    IReadOnlyList<ManifestDocument> documents,
    IReadOnlyList<Declared<OAuthClient>> clients,
    IReadOnlyList<Declared<VismaConnection>> declared,
    AllowLists allowLists,
    FindingList findings
)
{
    private const string Template = "spec.template";
    private const string Source = "spec.tenantsFrom";

    // Takes the place of the tenants where they are not in the files, so that the template is checked all the same.
    private static readonly SetTenant[] anyTenant = [new() { Name = "tenant", TenantId = Placeholders.TenantId }];

    private readonly ILookup<NamespacedName, Declared<VismaConnection>> names = declared.ToLookup(connection => connection.Name);

    /// <summary>The connections of a set, with its template as their position; none where they are not known, or cannot be made.</summary>
    internal IReadOnlyList<Declared<VismaConnection>> Make(Declared<VismaConnectionSet> set)
    {
        if (VismaConnectionSetRules.Check(set.Resource).Count > 0)
        {
            return []; // told with the set
        }

        var tenants = TenantsOf(set);
        CheckTenantIds(set, tenants ?? []);
        var made = SetConnections.Render(set.Resource, tenants ?? anyTenant);
        CheckRules(set, tenants ?? anyTenant, made);
        return tenants is null ? [] : [.. made.Where(connection => IsFree(set, connection)).Select(connection => Declare(set, connection))];
    }

    private IReadOnlyList<SetTenant>? TenantsOf(Declared<VismaConnectionSet> set)
    {
        var spec = set.Resource.Spec;
        if (spec.TenantsFrom?.ConfigMapKeyRef is { } reference)
        {
            return InConfigMap(set, reference);
        }

        if (spec.TenantsFrom is not null)
        {
            CheckClient(set);
        }

        return spec.Tenants;
    }

    private IReadOnlyList<SetTenant>? InConfigMap(Declared<VismaConnectionSet> set, ConfigMapKeyReference reference)
    {
        const string Path = $"{Source}.configMapKeyRef";
        var name = new NamespacedName(set.Name.Namespace, reference.Name);
        if (documents.FirstOrDefault(document => document.Is<ConfigMap>() && document.NamespacedName == name) is not { } document)
        {
            findings.Inform(
                set.Document,
                $"{Path}.name",
                Reason.TenantsNotFound,
                $"ConfigMap {name} is not among the files: what the set makes of its tenants was not checked"
            );
            return null;
        }

        if (ManifestConversion.ToResource<ConfigMap>(document, [])?.Data?.GetValueOrDefault(reference.Key) is not { } text)
        {
            findings.Error(
                set.Document,
                $"{Path}.key",
                Reason.TenantsNotFound,
                $"ConfigMap {name} ({document.File}:{document.PositionOf("data").Line}) has no text under the key {reference.Key}: add it"
            );
            return null;
        }

        var (tenants, fault) = TenantListText.Read(text);
        if (fault is not null)
        {
            findings.Error(
                set.Document,
                Path,
                Reason.TenantsInvalid,
                $"key {reference.Key} of ConfigMap {name} ({document.File}:{document.PositionOf("data").Line}) {fault}"
            );
        }

        return fault is null ? tenants : null;
    }

    // Two connections for one company are possible, and more often a slip. The first pair is enough.
    private void CheckTenantIds(Declared<VismaConnectionSet> set, IReadOnlyList<SetTenant> tenants)
    {
        var twice = tenants
            .Index()
            .GroupBy(tenant => tenant.Item.TenantId, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(same => same.Skip(1).Any());
        if (twice?.Take(2).ToList() is [var first, var second])
        {
            findings.Warn(
                set.Document,
                set.Resource.Spec.TenantsFrom is null
                    ? FieldPath.Member(FieldPath.Item("spec.tenants", second.Index), "tenantID")
                    : $"{Source}.configMapKeyRef",
                CheckReasons.DuplicateTenant,
                $"tenant {second.Item.Name} has the tenant id of tenant {first.Item.Name}: each of them gets a connection and a token of "
                + "its own. Correct the id, or remove one of them"
            );
        }
    }

    private void CheckClient(Declared<VismaConnectionSet> set)
    {
        var name = SetConnections.Render(set.Resource, anyTenant)[0].ClientName();
        if (clients.FirstOrDefault(client => client.Name == name) is { Resource.Spec.Tenants: null })
        {
            findings.Error(
                set.Document,
                $"{Template}.spec.oauthClientRef",
                Reason.ClientNotAvailable,
                $"OAuthClient {name} has no list of tenants (spec.tenants), which tenants from namespaces need: whoever may annotate a "
                + "namespace could otherwise name any tenant. List them there"
            );
        }

        findings.Inform(
            set.Document,
            $"{Source}.namespaceSelector",
            Reason.TenantSourceNotAllowed,
            "the tenants come from the namespaces of a cluster: what the set makes of them was not checked. It "
            + "needs an operator that serves "
            + "all namespaces"
        );
    }

    // The first is enough: what is wrong with the template is wrong with each.
    private void CheckRules(Declared<VismaConnectionSet> set, IReadOnlyList<SetTenant> tenants, IReadOnlyList<VismaConnection> made)
    {
        var broken = made.Select(connection => SetConnections.Check(connection, allowLists))
            .Zip(tenants)
            .FirstOrDefault(pair => pair.First.Count > 0);
        foreach (var problem in broken.First ?? [])
        {
            findings.Error(set.Document, problem.Path, problem.Reason, $"{problem.Message} (found with tenant {broken.Second.Name})");
        }
    }

    private bool IsFree(Declared<VismaConnectionSet> set, VismaConnection connection)
    {
        if (names[connection.Metadata.NamespacedName].FirstOrDefault() is not { } other)
        {
            return true;
        }

        findings.Error(
            set.Document,
            "metadata.name",
            Reason.ConnectionNotOwned,
            $"the set asks for VismaConnection {other.Name}, which the files declare themselves "
            + $"({other.Document.File}:{other.Document.PositionOf("metadata.name").Line}): the operator leaves that one as it is. "
            + "Give the tenant "
            + "another name, or remove that connection"
        );
        return false;
    }

    private static Declared<VismaConnection> Declare(Declared<VismaConnectionSet> set, VismaConnection connection)
    {
        var content = JsonSerializer.SerializeToNode(connection, VismaConnection.JsonTypeInfo)!.AsObject();
        if (set.Document.Namespace is null)
        {
            content["metadata"]!.AsObject().Remove("namespace");
        }

        var positions = new Dictionary<string, Position>(StringComparer.Ordinal) { [string.Empty] = set.Document.PositionOf(Template) };
        return new(connection, new ManifestDocument(set.Document.File, content, positions));
    }
}
