using System.Text.RegularExpressions;
using SharpYaml;
using SharpYaml.Events;

namespace VismaOperator.Manifests;

/// <summary>
/// Builds nodes from the parser's events as kubectl does: anchors and aliases; merge keys (<c>&lt;&lt;</c>), which take effect in the order
/// of the text; duplicate keys, of which each is reported and the last counts. YamlDotNet's representation model has none of these three
/// (docs/decisions/0008).
/// </summary>
/// <param name="parser">The parser, which bounds the depth.</param>
/// <param name="yaml">What the parser reads; null for JSON, which escapes more.</param>
/// <param name="at">Turns a position in the parser's text into one of the file.</param>
/// <param name="report">Takes each problem that does not stop the reading.</param>
/// <param name="cancellation">Gives up.</param>
internal sealed class YamlComposer(
    IParser parser,
    string? yaml,
    Func<Mark, Position> at,
    Action<YamlFault, Position, string> report,
    CancellationToken cancellation
)
{
    private const string MergeKey = "<<";

    private static readonly Regex halfEscape = new(@"\\u[dD][89a-fA-F]", RegexOptions.NonBacktracking);

    private readonly Dictionary<string, YamlNode> anchors = [];
    private readonly HashSet<string> openAnchors = [];
    private int merged;
    private int mergedCharacters; // of the keys

    /// <summary>The next document, or null at the end of the stream.</summary>
    /// <exception cref="YamlException">The text is not YAML; nothing after that position can be read.</exception>
    /// <exception cref="DocumentTooLargeException">Merge keys multiply it.</exception>
    internal YamlNode? NextDocument()
    {
        if (!MoveTo<DocumentStart>())
        {
            return null;
        }

        anchors.Clear();
        parser.MoveNext();
        return Compose();
    }

    /// <summary>Where a further document begins, which kubectl does not read; null where none does.</summary>
    /// <exception cref="YamlException">There is more, and it is not YAML.</exception>
    internal Position? Rest() => MoveTo<DocumentStart>() ? at(parser.Current!.Start) : null;

    private bool MoveTo<T>()
        where T : ParsingEvent
    {
        while (parser.MoveNext())
        {
            if (parser.Current is T)
            {
                return true;
            }
        }

        return false;
    }

    // Begins at the event of a node and ends at its last event.
    private YamlNode Compose()
    {
        cancellation.ThrowIfCancellationRequested();
        if (parser.Current is AnchorAlias alias)
        {
            return Resolve(alias);
        }

        var anchor = ((NodeEvent)parser.Current!).Anchor;
        if (string.IsNullOrEmpty(anchor))
        {
            return ComposeContent();
        }

        openAnchors.Add(anchor);
        var content = ComposeContent();
        openAnchors.Remove(anchor);
        anchors[anchor] = content;
        return content;
    }

    private YamlNode ComposeContent() => parser.Current switch
    {
        Scalar scalar => ComposeScalar(scalar),
        SequenceStart => ComposeSequence(),
        _ => ComposeMapping(),
    };

    private YamlNode.Scalar ComposeScalar(Scalar scalar)
    {
        if (
            yaml is not null
            && scalar.Style == ScalarStyle.DoubleQuoted
            && scalar.Value.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0
            && halfEscape.IsMatch(yaml[scalar.Start.Index..scalar.End.Index].Replace(@"\\", string.Empty, StringComparison.Ordinal))
        )
        {
            report(
                YamlFault.Rejected,
                at(scalar.Start),
                "kubectl refuses two escapes for one character in YAML: write the character itself"
            );
        }

        return new(at(scalar.Start), scalar.Value, scalar.Style == ScalarStyle.Plain, scalar.Tag ?? string.Empty);
    }

    private YamlNode.Sequence ComposeSequence()
    {
        var start = at(parser.Current!.Start);
        var items = new List<YamlNode>();
        while (parser.MoveNext() && parser.Current is not SequenceEnd)
        {
            items.Add(Compose());
        }

        return new(start, items);
    }

    private YamlNode.Mapping ComposeMapping()
    {
        var start = at(parser.Current!.Start);
        var entries = new OrderedDictionary<string, YamlEntry>(StringComparer.Ordinal);
        var own = new HashSet<string>(StringComparer.Ordinal);
        while (parser.MoveNext() && parser.Current is not MappingEnd)
        {
            var key = Compose();
            parser.MoveNext();
            var value = Compose();
            if (key is YamlNode.Scalar { Text: MergeKey, IsPlain: true, Tag: "" })
            {
                Merge(Merged(value), entries);
            }
            else if (EntryOf(key, value) is { } entry)
            {
                if (!own.Add(entry.Key))
                {
                    report(
                        YamlFault.Duplicate,
                        key.Start,
                        $"{entry.Key} is given twice, first in line {entries[entry.Key].KeyStart.Line}: remove one of them"
                    );
                }

                entries[entry.Key] = entry;
            }
        }

        return new(start, [.. entries.Values]);
    }

    // Merge keys multiply a small text as aliases do, and before the document is built.
    private void Merge(IEnumerable<YamlNode.Mapping> mappings, OrderedDictionary<string, YamlEntry> entries)
    {
        foreach (var entry in mappings.SelectMany(mapping => mapping.Entries))
        {
            cancellation.ThrowIfCancellationRequested();
            mergedCharacters += entry.Key.Length;
            if (++merged > DocumentBuilder.MaxValues || mergedCharacters > DocumentBuilder.MaxCharacters)
            {
                throw new DocumentTooLargeException();
            }

            entries[entry.Key] = entry;
        }
    }

    private YamlEntry? EntryOf(YamlNode key, YamlNode value)
    {
        if (key.Content is not YamlNode.Scalar scalar)
        {
            report(YamlFault.Rejected, key.Start, "the key of a field must be a text, not a list or an object");
            return null;
        }

        try
        {
            var name = YamlScalars.ToKey(scalar);
            return new(name, name == scalar.Text ? null : scalar.Text, key.Start, value);
        }
        catch (FormatException exception)
        {
            report(YamlFault.Rejected, key.Start, exception.Message);
            return null;
        }
    }

    // The earlier one of a list wins, so it comes last.
    private IEnumerable<YamlNode.Mapping> Merged(YamlNode merged)
    {
        switch (merged.Content)
        {
            case YamlNode.Mapping mapping:
                return [mapping];
            case YamlNode.Sequence sequence when sequence.Items.All(item => item.Content is YamlNode.Mapping):
                return sequence.Items.Select(item => (YamlNode.Mapping)item.Content).Reverse();
            default:
                report(YamlFault.Rejected, merged.Start, "<< merges objects: point it at an object or a list of objects");
                return [];
        }
    }

    private YamlNode Resolve(AnchorAlias alias)
    {
        if (anchors.TryGetValue(alias.Value, out var node))
        {
            return new YamlNode.Alias(at(alias.Start), node);
        }

        // Without its name: it may be a client secret that begins with *.
        var cause = openAnchors.Contains(alias.Value) ? "refers to a value that contains it" : "has no anchor before it";
        report(YamlFault.Rejected, at(alias.Start), $"this alias (*...) {cause}: put a text that begins with * in quotes");
        return new YamlNode.Scalar(at(alias.Start), string.Empty, IsPlain: true, Tag: string.Empty);
    }
}

/// <summary>What is wrong with a document that can be read nevertheless.</summary>
internal enum YamlFault
{
    /// <summary>A key twice, of which kubectl takes the last.</summary>
    Duplicate,

    /// <summary>kubectl refuses the document.</summary>
    Rejected,
}
