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
    /// Where the version that was read is known, it is a precondition. A difference means nothing to any other: of an object that was
    /// deleted and created anew under the same name it would become half a status, with members of the old one.
    /// </para>
    /// </summary>
    public static JsonObject? Between<T>(T before, T after)
        where T : class, IResource<T>
    {
        var patch = new JsonObject();
        switch (StatusOf(before), StatusOf(after))
        {
            case (not null, null):
                patch[StatusMember] = null;
                break;
            case (var present, { } wanted):
                AddDifference(patch, StatusMember, present, wanted);
                break;
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

    // Only the status is written out: metadata and spec are the larger part, and are not compared.
    private static JsonNode? StatusOf<T>(T resource)
        where T : class, IResource<T>
    {
        var contract = T.JsonTypeInfo;
        var member = contract.Properties.FirstOrDefault(property => property.Name == StatusMember);
        return member?.Get?.Invoke(resource) is { } status
            ? JsonSerializer.SerializeToNode(status, contract.Options.GetTypeInfo(member.PropertyType))
            : null;
    }

    // A member that is gone becomes null. Lists are replaced as a whole: merge patches cannot reach into them.
    private static JsonObject Difference(JsonObject before, JsonObject after)
    {
        var patch = new JsonObject();
        foreach (var (name, _) in before.Where(member => member.Value is not null && after[member.Key] is null))
        {
            patch[name] = null;
        }

        foreach (var (name, wanted) in after.Where(member => member.Value is not null))
        {
            AddDifference(patch, name, before[name], wanted!);
        }

        return patch;
    }

    private static void AddDifference(JsonObject patch, string name, JsonNode? present, JsonNode wanted)
    {
        if (JsonNode.DeepEquals(present, wanted))
        {
            return;
        }

        patch[name] = present is JsonObject from && wanted is JsonObject to ? Difference(from, to) : wanted.DeepClone();
    }
}
