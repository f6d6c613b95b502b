using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client.Resources;
using VismaOperator.Api;

namespace VismaOperator.Sets;

/// <summary>One connection as a set wants it.</summary>
/// <param name="Connection">Name, labels, annotations, owner and spec.</param>
internal sealed record WantedConnection(VismaConnection Connection)
{
    private readonly byte[] spec = SpecText(Connection);

    /// <summary>
    /// The merge patch that makes a connection what is wanted, with the version of the connection as a precondition; null where nothing
    /// differs. A field that is left out counts as its default on either side. Labels, annotations and owners of others are kept.
    /// </summary>
    public JsonObject? PatchOf(VismaConnection present, VismaConnectionSet set)
    {
        var (metadata, changed) = (MetadataPatch(present, set), SpecPatch(present));
        if (metadata.Count == 0 && changed is null)
        {
            return null;
        }

        if (present.Metadata.ResourceVersion is { Length: > 0 } version)
        {
            metadata["resourceVersion"] = version;
        }

        var patch = new JsonObject { ["metadata"] = metadata };
        if (changed is not null)
        {
            patch["spec"] = changed;
        }

        return patch;
    }

    private static byte[] SpecText(VismaConnection connection) =>
        JsonSerializer.SerializeToUtf8Bytes(connection.Spec, VismaJsonContext.Default.VismaConnectionSpec);

    // Both are written with every default, by the same code, so that most are equal to the byte.
    private JsonObject? SpecPatch(VismaConnection present)
    {
        var text = SpecText(present);
        return text.AsSpan().SequenceEqual(spec)
            ? null
            : MergePatch.Between(JsonNode.Parse(text)!.AsObject(), JsonNode.Parse(spec)!.AsObject());
    }

    private JsonObject MetadataPatch(VismaConnection present, VismaConnectionSet set)
    {
        var (wanted, patch) = (Connection.Metadata, new JsonObject());
        var earlier = (present.Metadata.Annotation(VismaNames.SetKeysAnnotation) ?? string.Empty)
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Append(SetConnections.AnnotationMark + VismaNames.SetKeysAnnotation)
            .ToHashSet(StringComparer.Ordinal);
        AddTexts(patch, "labels", present.Metadata.Labels, wanted.Labels, key => earlier.Contains(SetConnections.LabelMark + key));
        AddTexts(
            patch,
            "annotations",
            present.Metadata.Annotations,
            wanted.Annotations,
            key => earlier.Contains(SetConnections.AnnotationMark + key)
        );
        AddOwners(patch, present, set);
        return patch;
    }

    /// <summary>
    /// The merge patch that brings only the owners of a connection in line with the set's deletion policy; null where they are.
    /// </summary>
    public static JsonObject? OwnersPatchOf(VismaConnection present, VismaConnectionSet set)
    {
        var patch = new JsonObject();
        AddOwners(patch, present, set);
        if (patch.Count == 0)
        {
            return null;
        }

        if (present.Metadata.ResourceVersion is { Length: > 0 } version)
        {
            patch["resourceVersion"] = version;
        }

        return new JsonObject { ["metadata"] = patch };
    }

    private static void AddOwners(JsonObject patch, VismaConnection present, VismaConnectionSet set)
    {
        if (OwnersOf(present, set) is { } owners)
        {
            var owned = present with { Metadata = present.Metadata with { OwnerReferences = owners } };
            patch["ownerReferences"] = JsonSerializer.SerializeToNode(owned, VismaConnection.JsonTypeInfo)!["metadata"]![
                "ownerReferences"
            ]!.DeepClone();
        }
    }

    private static void AddTexts(
        JsonObject patch,
        string name,
        IReadOnlyDictionary<string, string>? present,
        IReadOnlyDictionary<string, string>? wanted,
        Func<string, bool> isOfTemplate
    )
    {
        present ??= new Dictionary<string, string>();
        wanted ??= new Dictionary<string, string>();
        var texts = new JsonObject();
        foreach (var (key, value) in wanted.Where(pair => present.GetValueOrDefault(pair.Key) != pair.Value))
        {
            texts[key] = value;
        }

        foreach (var key in present.Keys.Where(key => isOfTemplate(key) && !wanted.ContainsKey(key)))
        {
            texts[key] = null;
        }

        if (texts.Count > 0)
        {
            patch[name] = texts;
        }
    }

    // The owners as they should be; null where they are so.
    private static OwnerReference[]? OwnersOf(VismaConnection present, VismaConnectionSet set)
    {
        var owners = present.Metadata.OwnerReferences ?? [];
        OwnerReference[] wanted =
            [.. owners.Where(owner => owner.Uid != set.Metadata.Uid), .. SetConnections.OwnersOf(set) ?? []];
        return owners.ToHashSet().SetEquals(wanted) ? null : wanted;
    }
}

/// <summary>What is to be changed at one connection.</summary>
/// <param name="Present">The connection.</param>
/// <param name="Patch">The change.</param>
/// <param name="Rest">What would have to be changed still, by the answer to the patch; null where nothing.</param>
internal sealed record ConnectionChange(VismaConnection Present, JsonObject Patch, Func<VismaConnection, JsonObject?> Rest);

/// <summary>What lies between the connections that a set wants and those that are there.</summary>
/// <param name="Missing">To be created.</param>
/// <param name="Changed">To be changed.</param>
/// <param name="Surplus">Of the set, and of no tenant of it any more.</param>
/// <param name="Taken">Wanted, but a connection of that name belongs to somebody else: it is left alone.</param>
internal sealed record SetDifference(
    IReadOnlyList<VismaConnection> Missing,
    IReadOnlyList<ConnectionChange> Changed,
    IReadOnlyList<VismaConnection> Surplus,
    IReadOnlyList<VismaConnection> Taken
)
{
    /// <summary>
    /// What can be done where the tenants are not known, or the template makes no connections: the owners alone, which decide what goes
    /// with the set.
    /// </summary>
    public static SetDifference OfOwners(VismaConnectionSet set, IEnumerable<VismaConnection> present) =>
        new([], [.. Owners(set, present)], [], []);

    /// <summary>The difference. The same objects give the same difference, and once it is made none is left.</summary>
    /// <param name="set">The set.</param>
    /// <param name="wanted">What its template makes of its tenants.</param>
    /// <param name="kept">Names of tenants that are not known to have left the list: their connections stay as they are.</param>
    /// <param name="present">The connections of the namespace. One that is being deleted holds its name until it is gone.</param>
    public static SetDifference Between(
        VismaConnectionSet set,
        IReadOnlyList<WantedConnection> wanted,
        IReadOnlySet<string> kept,
        IReadOnlyList<VismaConnection> present
    )
    {
        var byName = present.ToDictionary(connection => connection.Metadata.Name, StringComparer.Ordinal);
        var (missing, changed, taken) = (new List<VismaConnection>(), new List<ConnectionChange>(), new List<VismaConnection>());
        var names = kept.Select(tenant => SetConnections.NameOf(set.Metadata.Name, tenant)).ToHashSet(StringComparer.Ordinal);
        foreach (var connection in wanted)
        {
            names.Add(connection.Connection.Metadata.Name);
            if (!byName.TryGetValue(connection.Connection.Metadata.Name, out var found))
            {
                missing.Add(connection.Connection);
            }
            else if (!SetConnections.IsOf(found, set) && !SetConnections.IsControlledBy(found, set))
            {
                taken.Add(found);
            }
            else if (found.Metadata.DeletionTimestamp is null && connection.PatchOf(found, set) is { } patch)
            {
                changed.Add(new(found, patch, written => connection.PatchOf(written, set)));
            }
        }

        // What stays without being wanted, since a removal is held or a tenant is unclear, has its owners kept in line.
        var asked = wanted.Select(connection => connection.Connection.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        changed.AddRange(Owners(set, present.Where(connection => !asked.Contains(connection.Metadata.Name))));
        return new(
            missing,
            changed,
            [
                .. present.Where(connection =>
                    connection.Metadata.DeletionTimestamp is null
                    && !names.Contains(connection.Metadata.Name)
                    && SetConnections.IsOf(connection, set)
                ),
            ],
            taken
        );
    }

    private static IEnumerable<ConnectionChange> Owners(VismaConnectionSet set, IEnumerable<VismaConnection> present)
    {
        foreach (var connection in present)
        {
            if (
                connection.Metadata.DeletionTimestamp is null
                && SetConnections.IsOf(connection, set)
                && WantedConnection.OwnersPatchOf(connection, set) is { } patch
            )
            {
                yield return new(connection, patch, written => WantedConnection.OwnersPatchOf(written, set));
            }
        }
    }
}

/// <summary>JSON merge patches (RFC 7386).</summary>
internal static class MergePatch
{
    /// <summary>The patch that makes one object the other; null where they are equal. Lists are replaced as a whole.</summary>
    public static JsonObject? Between(JsonObject from, JsonObject to)
    {
        var patch = new JsonObject();
        foreach (var (name, _) in from.Where(member => !to.ContainsKey(member.Key)))
        {
            patch[name] = null;
        }

        foreach (var (name, value) in to)
        {
            if (from[name] is JsonObject before && value is JsonObject after)
            {
                if (Between(before, after) is { } inner)
                {
                    patch[name] = inner;
                }
            }
            else if (!JsonNode.DeepEquals(from[name], value))
            {
                patch[name] = value?.DeepClone();
            }
        }

        return patch.Count == 0 ? null : patch;
    }
}
