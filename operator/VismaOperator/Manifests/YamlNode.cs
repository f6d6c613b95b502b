namespace VismaOperator.Manifests;

/// <summary>A YAML value with its place. Aliases share the node of their anchor.</summary>
/// <param name="Start">Where it begins.</param>
internal abstract record YamlNode(Position Start)
{
    /// <summary>A text, number, boolean or null.</summary>
    internal sealed record Scalar(Position Start, string Text, bool IsPlain) : YamlNode(Start);

    /// <summary>A list.</summary>
    internal sealed record Sequence(Position Start, IReadOnlyList<YamlNode> Items) : YamlNode(Start);

    /// <summary>An object. Keys are unique, in the order of the text.</summary>
    internal sealed record Mapping(Position Start, IReadOnlyList<YamlEntry> Entries) : YamlNode(Start)
    {
        internal YamlNode? Find(string key) => Entries.FirstOrDefault(entry => entry.Key == key)?.Value;
    }
}

/// <summary>One member of a mapping.</summary>
internal sealed record YamlEntry(string Key, Position KeyStart, YamlNode Value);
