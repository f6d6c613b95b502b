using System.Text.Json;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Manifests;

namespace VismaOperator.Sets;

/// <summary>The connections that a set asks for, and how they are known again: by name, labels and owner.</summary>
internal static class SetConnections
{
    /// <summary>Stands before the key of a label in <see cref="VismaNames.SetKeysAnnotation"/>.</summary>
    public const string LabelMark = "label:";

    /// <summary>Stands before the key of an annotation there.</summary>
    public const string AnnotationMark = "annotation:";

    /// <summary>
    /// The name of a tenant's connection. Set and tenant have at most 63 characters each, so that it is short enough for the names of all
    /// Secrets that are made from it.
    /// </summary>
    public static string NameOf(string set, string tenant) => $"{set}-{tenant}";

    /// <summary>
    /// True for a connection that the set made: its labels name the set and the tenant that its own name is made of. One that was copied
    /// under another name is somebody else's, and so is one that another object controls. Without the labels its owner reference counts.
    /// </summary>
    public static bool IsOf(VismaConnection connection, VismaConnectionSet set)
    {
        var (metadata, controller) = (connection.Metadata, ControllerOf(connection));
        if (metadata.Namespace != set.Metadata.Namespace || (controller is not null && controller.Uid != set.Metadata.Uid))
        {
            return false;
        }

        return metadata.Label(VismaNames.SetLabel) is null ? controller is not null : HasLabelsOf(metadata, set);
    }

    /// <summary>True where the labels of a connection name a set and the tenant that its own name is made of.</summary>
    public static bool HasLabelsOf(ObjectMeta connection, VismaConnectionSet set) =>
        connection.Namespace == set.Metadata.Namespace
        && connection.Label(VismaNames.SetLabel) == set.Metadata.Name
        && connection.Label(VismaNames.TenantLabel) is { } tenant
        && connection.Name == NameOf(set.Metadata.Name, tenant);

    /// <summary>
    /// True where a set controls a connection. For one with the name of a tenant this suffices, so that an edited label is put back.
    /// </summary>
    public static bool IsControlledBy(VismaConnection connection, VismaConnectionSet set) =>
        set.Metadata.Uid is { } uid && ControllerOf(connection)?.Uid == uid;

    /// <summary>The object that controls a connection; null where none does.</summary>
    public static OwnerReference? ControllerOf(VismaConnection connection) =>
        (connection.Metadata.OwnerReferences ?? []).FirstOrDefault(owner => owner.Controller == true);

    /// <summary>True where a connection of this name may be one that the set asks for.</summary>
    public static bool MayBeOf(string name, string set) =>
        name.Length > set.Length && name[set.Length] == '-' && name.StartsWith(set, StringComparison.Ordinal);

    /// <summary>
    /// True where another set of the same name controls a connection. That set is gone, and the garbage collector is at it.
    /// </summary>
    public static bool IsOfEarlierSet(VismaConnection connection, VismaConnectionSet set) =>
        ControllerOf(connection) is { } owner
        && owner.ApiVersion == VismaNames.ApiVersion
        && owner.Kind == VismaConnectionSet.ResourceKind.Kind
        && owner.Name == set.Metadata.Name
        && owner.Uid != set.Metadata.Uid;

    /// <summary>The owners that a set gives its connections; null where they stay when it goes.</summary>
    public static IReadOnlyList<OwnerReference>? OwnersOf(VismaConnectionSet set) =>
        set.Metadata.Uid is not null && set.Spec.DeletionPolicy == DeletionPolicy.Delete ? [OwnerReferences.To(set)] : null;

    /// <summary>What the template makes of each tenant. Name and id of a tenant must fulfil the rules for them.</summary>
    public static IReadOnlyList<VismaConnection> Render(VismaConnectionSet set, IReadOnlyList<SetTenant> tenants)
    {
        var template = JsonSerializer.Serialize(set.Spec.Template.Spec, VismaJsonContext.Default.VismaConnectionSpec);
        return [.. tenants.Select(tenant => Render(set, template, tenant))];
    }

    /// <summary>What is wrong with what the template makes of a tenant, by fields of the set; empty when nothing is.</summary>
    public static IReadOnlyList<FieldError> Check(VismaConnection rendered, AllowLists allowLists)
    {
        var findings = new Findings();
        foreach (var (key, value) in rendered.Metadata.Labels ?? new Dictionary<string, string>())
        {
            findings.Require(
                value.Length <= 63 && Patterns.LabelValue.IsMatch(value),
                FieldPath.Member("spec.template.metadata.labels", key),
                "the value of a label is made of at most 63 letters, digits, dots, dashes and underscores and begins and ends with a "
                + "letter or digit: correct it, or use an annotation"
            );
        }

        return
        [
            .. findings.All,
            .. VismaConnectionRules.Check(rendered, allowLists).Select(problem => problem with { Path = $"spec.template.{problem.Path}" }),
        ];
    }

    // The template is JSON here, and what is put into it is made of letters, digits and dashes.
    private static VismaConnection Render(VismaConnectionSet set, string template, SetTenant tenant)
    {
        var spec = JsonSerializer.Deserialize(Filled(template, tenant), VismaJsonContext.Default.VismaConnectionSpec)!;
        return new VismaConnection
        {
            Metadata = new ObjectMeta
            {
                Name = NameOf(set.Metadata.Name, tenant.Name),
                Namespace = set.Metadata.Namespace,
                Labels = new Dictionary<string, string>(Filled(set.Spec.Template.Metadata?.Labels, tenant), StringComparer.Ordinal)
                {
                    [VismaNames.SetLabel] = set.Metadata.Name,
                    [VismaNames.TenantLabel] = tenant.Name,
                },
                Annotations = Annotations(set.Spec.Template.Metadata, tenant),
                OwnerReferences = OwnersOf(set),
            },
            Spec = spec with { TenantId = tenant.TenantId },
        };
    }

    private static Dictionary<string, string>? Annotations(TemplateMetadata? template, SetTenant tenant)
    {
        string[] keys =
        [
            .. (template?.Labels?.Keys ?? []).Select(key => LabelMark + key).Order(StringComparer.Ordinal),
            .. (template?.Annotations?.Keys ?? []).Select(key => AnnotationMark + key).Order(StringComparer.Ordinal),
        ];
        return keys.Length == 0
            ? null
            : new(Filled(template?.Annotations, tenant), StringComparer.Ordinal)
            {
                [VismaNames.SetKeysAnnotation] = string.Join(' ', keys),
            };
    }

    private static Dictionary<string, string> Filled(IReadOnlyDictionary<string, string>? texts, SetTenant tenant) =>
        (texts ?? new Dictionary<string, string>()).ToDictionary(
            pair => pair.Key,
            pair => Filled(pair.Value, tenant),
            StringComparer.Ordinal
        );

    private static string Filled(string text, SetTenant tenant) =>
        text.Replace(ConnectionTemplate.TenantName, tenant.Name, StringComparison.Ordinal)
            .Replace(ConnectionTemplate.TenantId, tenant.TenantId, StringComparison.Ordinal);
}
