using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace VismaOperator.Manifests;

/// <summary>
/// Builds nodes from the parser's events: anchors and aliases, merge keys (<c>&lt;&lt;</c>), and duplicate keys, of which
/// each is reported and the first counts.
/// </summary>
/// <param name="parser">The parser.</param>
/// <param name="report">Takes each problem that does not stop the reading.</param>
internal sealed class YamlComposer(IParser parser, Action<Position, string> report)
{
    private readonly Dictionary<string, YamlNode> anchors = [];
    private readonly HashSet<string> openAnchors = [];

    /// <summary>The next document, or null at the end of the stream.</summary>
    /// <exception cref="YamlException">The text is not YAML; nothing after that place can be read.</exception>
    internal YamlNode? NextDocument()
    {
        parser.TryConsume<StreamStart>(out _);
        if (!parser.TryConsume<DocumentStart>(out _))
        {
            return null;
        }

        anchors.Clear();
        var root = Compose();
        parser.Consume<DocumentEnd>();
        return root;
    }

    private YamlNode Compose()
    {
        if (parser.TryConsume<AnchorAlias>(out var alias))
        {
            return Resolve(alias);
        }

        var node = parser.Require<NodeEvent>();
        var anchor = node.Anchor.IsEmpty ? null : node.Anchor.Value;
        if (anchor is null)
        {
            return ComposeContent();
        }

        openAnchors.Add(anchor);
        var content = ComposeContent();
        openAnchors.Remove(anchor);
        anchors[anchor] = content;
        return content;
    }

    private YamlNode ComposeContent()
    {
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return new YamlNode.Scalar(At(scalar.Start), scalar.Value, IsPlain(scalar));
        }

        return parser.Accept<SequenceStart>(out _) ? ComposeSequence() : ComposeMapping();
    }

    private YamlNode.Sequence ComposeSequence()
    {
        var start = parser.Consume<SequenceStart>();
        var items = new List<YamlNode>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Compose());
        }

        return new(At(start.Start), items);
    }

    private YamlNode.Mapping ComposeMapping()
    {
        var start = parser.Consume<MappingStart>();
        var entries = new List<YamlEntry>();
        var merged = new List<YamlNode>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Compose();
            var value = Compose();
            if (key is YamlNode.Scalar { Text: "<<", IsPlain: true })
            {
                merged.Add(value);
            }
            else
            {
                AddEntry(entries, key, value);
            }
        }

        return new(At(start.Start), [.. entries, .. merged.SelectMany(Mappings).SelectMany(mapping => mapping.Entries)
            .DistinctBy(entry => entry.Key).Where(entry => entries.TrueForAll(own => own.Key != entry.Key))]);
    }

    private void AddEntry(List<YamlEntry> entries, YamlNode key, YamlNode value)
    {
        if (key is not YamlNode.Scalar name)
        {
            report(key.Start, "the key of a field must be a text, not a list or an object");
        }
        else if (entries.Find(entry => entry.Key == name.Text) is { } first)
        {
            report(key.Start, $"{name.Text} is given twice, first in line {first.KeyStart.Line}: remove one of them");
        }
        else
        {
            entries.Add(new(name.Text, key.Start, value));
        }
    }

    private IEnumerable<YamlNode.Mapping> Mappings(YamlNode merged)
    {
        switch (merged)
        {
            case YamlNode.Mapping mapping:
                return [mapping];
            case YamlNode.Sequence sequence when sequence.Items.All(item => item is YamlNode.Mapping):
                return sequence.Items.Cast<YamlNode.Mapping>();
            default:
                report(merged.Start, "<< merges objects: point it at an object or a list of objects");
                return [];
        }
    }

    private YamlNode Resolve(AnchorAlias alias)
    {
        var name = alias.Value.Value;
        if (anchors.TryGetValue(name, out var node))
        {
            return node;
        }

        var cause = openAnchors.Contains(name) ? "refers to a value that contains it" : "has no anchor before it";
        report(At(alias.Start), $"the alias *{name} {cause}");
        return new YamlNode.Scalar(At(alias.Start), string.Empty, IsPlain: true);
    }

    // A value with the tag !!str is a text whatever it looks like.
    private static bool IsPlain(Scalar scalar) => scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty;

    private static Position At(Mark mark) => new((int)mark.Line, (int)mark.Column);
}
