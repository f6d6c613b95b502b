using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kubernetes.InMemory;

/// <summary>The few operations on JSON trees that the cluster needs.</summary>
internal static class JsonTrees
{
    public static JsonObject Metadata(this JsonObject json)
    {
        if (json["metadata"] is not JsonObject metadata)
        {
            json["metadata"] = metadata = [];
        }

        return metadata;
    }

    public static string Text(this JsonObject json, string member) =>
        json[member] is JsonValue value && value.TryGetValue<string>(out var text) ? text : string.Empty;

    /// <summary>Sets the member to a copy of the other tree's, or removes it where the other has none.</summary>
    public static void CopyFrom(this JsonObject json, JsonObject other, string member)
    {
        if (other[member] is { } node)
        {
            json[member] = node.DeepClone();
        }
        else
        {
            json.Remove(member);
        }
    }

    public static byte[] ToUtf8(JsonObject json)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            json.WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>RFC 7386: members of the patch replace, objects merge, null removes.</summary>
    public static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (member, change) in patch)
        {
            if (change is null)
            {
                target.Remove(member);
            }
            else if (change is JsonObject nested)
            {
                if (target[member] is not JsonObject existing)
                {
                    target[member] = existing = [];
                }

                Merge(existing, nested);
            }
            else
            {
                target[member] = change.DeepClone();
            }
        }
    }
}
