using System.Buffers;
using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client;

namespace Kubernetes.Controllers.Writing;

/// <summary>Makes the one status write of a reconcile: the difference to what was read, as a JSON merge patch (RFC 7386).</summary>
public static class StatusPatch
{
    private const string Status = "status";
    private const int UsualSize = 2048; // bytes; that of a first status

    /// <summary>
    /// The difference between the statuses of two versions of an object, rooted so that it can be sent: <c>{"status": {...}}</c>, or null
    /// when they are equal. Other members are not compared; the status subresource would ignore them.
    /// <para>
    /// Where the version that was read is known, it is a precondition. Applied to another version, the difference would be wrong: an object
    /// that was deleted and created again under the same name would get half a status, with members of the old one.
    /// </para>
    /// </summary>
    /// <returns>The text of the patch, as UTF-8.</returns>
    public static ReadOnlyMemory<byte>? Between<T>(T before, T after)
        where T : class, IResource<T>
    {
        if (StatusMember<T>.Instance is not { } member || Equals(member.Get!(before), member.Get(after)))
        {
            return null; // as of most objects after a restart
        }

        var text = new ArrayBufferWriter<byte>(UsualSize);
        using var patch = new Utf8JsonWriter(text);
        patch.WriteStartObject();
        if (!new Difference(patch).Write(member, before, after))
        {
            return null;
        }

        if (before.Metadata.ResourceVersion is { Length: > 0 } version)
        {
            patch.WriteStartObject("metadata");
            patch.WriteString("resourceVersion", version);
            patch.WriteEndObject();
        }

        patch.WriteEndObject();
        patch.Flush();
        return text.WrittenMemory;
    }

    /// <summary>
    /// Writes what differs between two records, member by member and straight from them: to write and read both as JSON first would cost
    /// several times as much.
    /// </summary>
    private sealed class Difference(Utf8JsonWriter patch)
    {
        // Objects that are begun with their first difference, the outermost first.
        private readonly List<string> unopened = [];

        /// <summary>True if something was written.</summary>
        public bool Write(JsonPropertyInfo member, object before, object after)
        {
            var (from, to) = (member.Get?.Invoke(before), member.Get?.Invoke(after)); // none where JSON leaves the member out
            if (Equals(from, to))
            {
                return false;
            }

            if (to is null)
            {
                Open();
                patch.WriteNull(member.Name); // a member that is gone
                return true;
            }

            var type = member.Options.GetTypeInfo(member.PropertyType);
            return type.Kind == JsonTypeInfoKind.Object && from is not null
                ? WriteMembers(member.Name, type, from, to)
                : WriteValue(member.Name, type, from, to);
        }

        private bool WriteMembers(string name, JsonTypeInfo type, object from, object to)
        {
            unopened.Add(name);
            foreach (var inner in type.Properties)
            {
                Write(inner, from, to);
            }

            if (unopened.Count == 0)
            {
                patch.WriteEndObject();
                return true;
            }

            unopened.RemoveAt(unopened.Count - 1); // nothing differed
            return false;
        }

        // Lists are replaced as a whole: merge patches cannot reach into them.
        private bool WriteValue(string name, JsonTypeInfo type, object? from, object to)
        {
            if (type.Kind == JsonTypeInfoKind.Dictionary)
            {
                throw new NotSupportedException($"Status member {name} is a map: a merge patch would keep the keys that are gone.");
            }

            if (from is not null && IsWrittenAlike(type, from, to))
            {
                return false;
            }

            Open();
            patch.WritePropertyName(name);
            JsonSerializer.Serialize(patch, to, type);
            return true;
        }

        private void Open()
        {
            unopened.ForEach(patch.WriteStartObject);
            unopened.Clear();
        }
    }

    // Two lists of the same content are not equal, nor are two times that differ by a fraction of a second; they are written alike.
    private static bool IsWrittenAlike(JsonTypeInfo type, object from, object to) =>
        from switch
        {
            string => false,
            ICollection { Count: 0 } => to is ICollection { Count: 0 },
            _ => Text(from, type).AsSpan().SequenceEqual(Text(to, type)),
        };

    private static byte[] Text(object value, JsonTypeInfo type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    private static class StatusMember<T>
        where T : class, IResource<T>
    {
        public static readonly JsonPropertyInfo? Instance = T.JsonTypeInfo.Properties.FirstOrDefault(property => property.Name == Status);
    }
}
