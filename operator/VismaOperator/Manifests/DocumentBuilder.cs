using System.Text.Json.Nodes;

namespace VismaOperator.Manifests;

/// <summary>Turns nodes into JSON and remembers where each field stands.</summary>
internal sealed class DocumentBuilder
{
    // A manifest of etcd's size limit (1.5 MB) has fewer values. Aliases can multiply a small text without bound.
    private const int MaxValues = 50_000;

    // As deep as System.Text.Json reads by default.
    private const int MaxDepth = 60;

    private readonly Dictionary<string, Position> positions = [];
    private int values;

    /// <summary>The document, or null with a problem when it is too large.</summary>
    internal static ManifestDocument? Build(string file, YamlNode.Mapping root, Action<Position, string> report)
    {
        var builder = new DocumentBuilder();
        try
        {
            builder.positions[string.Empty] = root.Start;
            var content = (JsonObject)builder.ToJson(root, string.Empty, depth: 0)!;
            return new(file, content, builder.positions);
        }
        catch (DocumentTooLargeException)
        {
            report(root.Start, "the document is too large or too deeply nested for an object of Kubernetes");
            return null;
        }
    }

    private JsonNode? ToJson(YamlNode node, string path, int depth)
    {
        if (++values > MaxValues || depth > MaxDepth)
        {
            throw new DocumentTooLargeException();
        }

        return node switch
        {
            YamlNode.Scalar scalar => YamlScalars.ToJson(scalar),
            YamlNode.Sequence sequence => ToArray(sequence, path, depth),
            YamlNode.Mapping mapping => ToObject(mapping, path, depth),
            _ => null,
        };
    }

    private JsonArray ToArray(YamlNode.Sequence sequence, string path, int depth)
    {
        var array = new JsonArray();
        for (var index = 0; index < sequence.Items.Count; index++)
        {
            var itemPath = FieldPath.Item(path, index);
            positions[itemPath] = sequence.Items[index].Start;
            array.Add(ToJson(sequence.Items[index], itemPath, depth + 1));
        }

        return array;
    }

    private JsonObject ToObject(YamlNode.Mapping mapping, string path, int depth)
    {
        var result = new JsonObject();
        foreach (var entry in mapping.Entries)
        {
            var memberPath = FieldPath.Member(path, entry.Key);
            positions[memberPath] = entry.KeyStart;
            result[entry.Key] = ToJson(entry.Value, memberPath, depth + 1);
        }

        return result;
    }

    private sealed class DocumentTooLargeException : Exception;
}
