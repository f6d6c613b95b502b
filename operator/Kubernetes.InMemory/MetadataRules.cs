using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;

namespace Kubernetes.InMemory;

/// <summary>Names, owners and finalizers, as the API server checks them for every kind.</summary>
internal static class MetadataRules
{
    private const int LongestName = 253; // DNS-1123 subdomain

    private static readonly SearchValues<char> letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>Refuses names that are no DNS subdomain. <c>generateName</c> makes none: nobody here creates objects with it.</summary>
    public static void CheckName(ResourceKind kind, JsonObject metadata)
    {
        var name = new NamespacedName(metadata.Text("namespace"), metadata.Text("name"));
        if (name.Name.Length is 0 or > LongestName || !name.Name.Split('.').All(IsLabel))
        {
            var cause = $"metadata.name: Invalid value: \"{name.Name}\": a lowercase RFC 1123 subdomain is required";
            throw ApiError.Invalid(kind, name, cause);
        }
    }

    /// <summary>Owners need a UID, and at most one may be the controller.</summary>
    public static void CheckOwners(ResourceKind kind, NamespacedName name, JsonObject metadata)
    {
        if (metadata["ownerReferences"] is not JsonArray owners)
        {
            return;
        }

        var references = owners.OfType<JsonObject>().ToList();
        if (references.Exists(owner => owner.Text("uid").Length == 0))
        {
            throw ApiError.Invalid(kind, name, "metadata.ownerReferences.uid: Invalid value: \"\": uid must not be empty");
        }

        if (references.Count(owner => owner["controller"]?.GetValueKind() == JsonValueKind.True) > 1)
        {
            throw ApiError.Invalid(
                kind,
                name,
                "metadata.ownerReferences: Invalid value: only one reference can have Controller set to true"
            );
        }
    }

    /// <summary>An object that is being deleted takes no new finalizers.</summary>
    public static void CheckFinalizers(StoredObject current, JsonObject metadata)
    {
        if (!current.IsBeingDeleted || metadata["finalizers"] is not JsonArray finalizers)
        {
            return;
        }

        var added = finalizers.Select(finalizer => finalizer!.GetValue<string>()).Except(current.Metadata.Finalizers ?? []).ToList();
        if (added.Count > 0)
        {
            throw ApiError.Invalid(
                current.Kind,
                current.Name,
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
                + $"{string.Join(", ", added)}"
            );
        }
    }

    private static bool IsLabel(string part) => part is [not '-', ..] and [.., not '-'] && !part.AsSpan().ContainsAnyExcept(letters);
}
