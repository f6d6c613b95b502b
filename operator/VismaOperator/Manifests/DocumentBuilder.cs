using System.Text.Json.Nodes;

namespace VismaOperator.Manifests;

/// <summary>Turns the nodes of one text between two lines of dashes into JSON, and remembers the position of each field.</summary>
/// <param name="file">How problems name the file.</param>
/// <param name="isRejected">True when kubectl refuses what was read.</param>
/// <param name="cancellation">Gives up.</param>
internal sealed class DocumentBuilder(string file, Func<bool> isRejected, CancellationToken cancellation)
{
    /// <summary>Values that one text may have. Aliases and merge keys can multiply a small text without bound.</summary>
    internal const int MaxValues = 500_000;

    /// <summary>
    /// Characters that all keys and values together may have, once for each alias. Far more than an API server takes; it bounds the time
    /// that a small text can cost.
    /// </summary>
    internal const int MaxCharacters = 8 * FileText.MaxBytes;

    // kubectl stops when almost all of more than a thousand values come from aliases.
    private const int FewValues = 1000;
    private const double MaxShareOfAliases = 0.99;

    // No field of ours has a longer path. Deeper fields have the position of their parent, so that paths do not take more memory than the
    // values.
    private const int MaxPath = 1000;
    private const int MaxPathCharacters = 32_000_000; // of all paths together

    private readonly List<TurnedKey> turned = [];
    private readonly HashSet<YamlNode.Scalar> rejected = new(ReferenceEqualityComparer.Instance); // reported once, not once per alias
    private Dictionary<string, Position> positions = [];
    private bool isBroken;
    private int values;
    private int aliased;
    private int characters;
    private int pathCharacters;

    /// <summary>The document.</summary>
    /// <exception cref="DocumentTooLargeException">It is too large, or too deeply nested.</exception>
    internal ManifestDocument Build(YamlNode.Mapping root, Action<Position, string> report)
    {
        (positions, isBroken) = (new(StringComparer.Ordinal) { [string.Empty] = root.Start }, false);
        turned.Clear();
        var content = ToObject(root, string.Empty, new(0, IsAliased: false, report));
        return new(file, content, positions) { TurnedKeys = [.. turned], IsRejected = isBroken || isRejected() };
    }

    private JsonNode? ToJson(YamlNode node, string path, Level level)
    {
        cancellation.ThrowIfCancellationRequested();
        var below = new Level(level.Depth + 1, level.IsAliased || node is YamlNode.Alias, level.Report);
        values++;
        aliased += below.IsAliased ? 1 : 0;
        if (values > MaxValues || below.Depth > ManifestText.MaxDepth || (values > FewValues && aliased > MaxShareOfAliases * values))
        {
            throw new DocumentTooLargeException();
        }

        return node.Content switch
        {
            YamlNode.Scalar scalar => Value(scalar, level.Report),
            YamlNode.Sequence sequence => ToArray(sequence, path, below),
            YamlNode.Mapping mapping => ToObject(mapping, path, below),
            _ => null,
        };
    }

    private JsonNode? Value(YamlNode.Scalar scalar, Action<Position, string> report)
    {
        Count(scalar.Text);
        if (rejected.Contains(scalar))
        {
            return null;
        }

        try
        {
            return YamlScalars.ToJson(scalar);
        }
        catch (FormatException exception)
        {
            isBroken = true;
            rejected.Add(scalar);
            report(scalar.Start, exception.Message);
            return null;
        }
    }

    private JsonArray ToArray(YamlNode.Sequence sequence, string path, Level level)
    {
        var array = new JsonArray();
        for (var index = 0; index < sequence.Items.Count; index++)
        {
            var itemPath = Note(path, sequence.Items[index].Start, () => FieldPath.Item(path, index));
            array.Add(ToJson(sequence.Items[index], itemPath, level));
        }

        return array;
    }

    private JsonObject ToObject(YamlNode.Mapping mapping, string path, Level level)
    {
        var result = new JsonObject();
        foreach (var entry in mapping.Entries)
        {
            Count(entry.Key);
            var memberPath = Note(path, entry.KeyStart, () => FieldPath.Member(path, Shortened(entry.Key)));
            result[entry.Key] = ToJson(entry.Value, memberPath, level);
            if (entry.Written is { } written)
            {
                turned.Add(new(memberPath, written, entry.Key));
            }
        }

        return result;
    }

    private void Count(string text)
    {
        characters += text.Length;
        if (characters > MaxCharacters)
        {
            throw new DocumentTooLargeException();
        }
    }

    private string Note(string parent, Position start, Func<string> pathOf)
    {
        if (parent.Length > MaxPath || pathCharacters > MaxPathCharacters)
        {
            return parent;
        }

        var path = pathOf();
        positions[path] = start;
        pathCharacters += path.Length;
        return path;
    }

    // What is cut makes a path above the bound, so nothing below it is noted.
    private static string Shortened(string key) => key.Length > MaxPath ? key[..(MaxPath + 1)] : key;

    private readonly record struct Level(int Depth, bool IsAliased, Action<Position, string> Report);
}

/// <summary>A document is too large to be an object of Kubernetes.</summary>
internal sealed class DocumentTooLargeException : Exception;
