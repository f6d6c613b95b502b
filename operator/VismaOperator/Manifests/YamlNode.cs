namespace VismaOperator.Manifests;

/// <summary>A YAML value with its position.</summary>
/// <param name="Start">Where it begins.</param>
internal abstract record YamlNode(Position Start)
{
    /// <summary>The value itself, for an alias that of its anchor.</summary>
    internal virtual YamlNode Content => this;

    /// <summary>A text, number, boolean or null.</summary>
    /// <param name="Start">Where it begins.</param>
    /// <param name="Text">What is written, without quotes.</param>
    /// <param name="IsPlain">True when it has no quotes.</param>
    /// <param name="Tag">Its tag; empty where it has none.</param>
    internal sealed record Scalar(Position Start, string Text, bool IsPlain, string Tag) : YamlNode(Start);

    internal sealed record Sequence(Position Start, IReadOnlyList<YamlNode> Items) : YamlNode(Start);

    /// <summary>An object. Keys are unique, in the order of the text.</summary>
    internal sealed record Mapping(Position Start, IReadOnlyList<YamlEntry> Entries) : YamlNode(Start)
    {
        internal YamlNode? Find(string key) => Entries.FirstOrDefault(entry => entry.Key == key)?.Value.Content;
    }

    /// <summary>A value that is written elsewhere.</summary>
    internal sealed record Alias(Position Start, YamlNode Target) : YamlNode(Start)
    {
        internal override YamlNode Content => Target;
    }
}

/// <summary>One member of a mapping.</summary>
/// <param name="Key">The key as kubectl reads it.</param>
/// <param name="Written">The key as it is written, where that is another text; else null.</param>
/// <param name="KeyStart">Where the key begins.</param>
/// <param name="Value">The value.</param>
internal sealed record YamlEntry(string Key, string? Written, Position KeyStart, YamlNode Value);
