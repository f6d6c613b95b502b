using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>Reads and makes selectors for one object.</summary>
internal static class ResourceSelectors
{
    private const string NameField = "metadata.name=";

    /// <summary>
    /// Selects one object by name. A Role that grants list and watch with <c>resourceNames</c> admits this selector
    /// (<see href="https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources"/>).
    /// </summary>
    public static ResourceSelector ByName(NamespacedName name) =>
        new(name.Namespace.Length == 0 ? null : name.Namespace, LabelSelector: null, NameField + name.Name);

    /// <summary>The one object that a selector names, or null when it covers many.</summary>
    public static NamespacedName? NameIn(ResourceSelector selector) =>
        selector.FieldSelector is { } field
        && field.StartsWith(NameField, StringComparison.Ordinal)
        && !field.Contains(',', StringComparison.Ordinal)
            ? new(selector.Namespace ?? string.Empty, field[NameField.Length..])
            : null;
}
