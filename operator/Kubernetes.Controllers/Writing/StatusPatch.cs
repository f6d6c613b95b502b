using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;

namespace Kubernetes.Controllers.Writing;

/// <summary>Makes the one status write of a reconcile: the difference to what was read, as a JSON merge patch (RFC 7386).</summary>
public static class StatusPatch
{
    private const string StatusMember = "status";

    /// <summary>
    /// The difference between the statuses of two versions of an object, rooted so that it can be sent: <c>{"status": {...}}</c>, or null
    /// when they are equal. Other members are not compared; the status subresource would ignore them.
    /// <para>
    /// Where the version that was read is known, it is a precondition. Applied to another version, the difference would be wrong: an object
    /// that was deleted and created again under the same name would get half a status, with members of the old one.
    /// </para>
    /// </summary>
    public static JsonObject? Between<T>(T before, T after)
        where T : class, IResource<T>
    {
        using var present = StatusOf(before);
        using var wanted = StatusOf(after);
        var patch = new JsonObject();
        if (wanted is not null)
        {
            AddDifference(patch, StatusMember, present?.RootElement, wanted.RootElement);
        }
        else if (present is not null)
        {
            patch[StatusMember] = null;
        }

        if (patch.Count == 0)
        {
            return null;
        }

        if (before.Metadata.ResourceVersion is { Length: > 0 } version)
        {
            patch["metadata"] = new JsonObject { ["resourceVersion"] = version };
        }

        return patch;
    }

    // Only the status is written out: metadata and spec are the larger part, and are not compared. As a document, since the nodes of a
    // JsonObject would cost several times the text, twice, where mostly nothing or everything differs.
    private static JsonDocument? StatusOf<T>(T resource)
        where T : class, IResource<T>
    {
        var contract = T.JsonTypeInfo;
        var member = contract.Properties.FirstOrDefault(property => property.Name == StatusMember);
        return member?.Get?.Invoke(resource) is { } status
            ? JsonSerializer.SerializeToDocument(status, contract.Options.GetTypeInfo(member.PropertyType))
            : null;
    }

    // A member that is gone becomes null. Lists are replaced as a whole: merge patches cannot reach into them.
    private static JsonObject Difference(JsonElement before, JsonElement after)
    {
        var patch = new JsonObject();
        foreach (var member in before.EnumerateObject().Where(member => IsSet(member.Value) && Member(after, member.Name) is null))
        {
            patch[member.Name] = null;
        }

        foreach (var member in after.EnumerateObject().Where(member => IsSet(member.Value)))
        {
            AddDifference(patch, member.Name, Member(before, member.Name), member.Value);
        }

        return patch;
    }

    private static void AddDifference(JsonObject patch, string name, JsonElement? present, JsonElement wanted)
    {
        if (present is not { } from)
        {
            patch[name] = Node(wanted);
        }
        else if (!JsonElement.DeepEquals(from, wanted))
        {
            patch[name] = (from.ValueKind, wanted.ValueKind) is (JsonValueKind.Object, JsonValueKind.Object)
                ? Difference(from, wanted)
                : Node(wanted);
        }
    }

    private static bool IsSet(JsonElement value) => value.ValueKind != JsonValueKind.Null;

    private static JsonElement? Member(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && IsSet(value) ? value : null;

    // A copy: the patch outlives the document.
    private static JsonNode? Node(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(value.Clone()),
        JsonValueKind.Array => JsonArray.Create(value.Clone()),
        _ => JsonValue.Create(value.Clone()),
    };
}
