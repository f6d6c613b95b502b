using System.Buffers;
using System.Globalization;
using SharpYaml;

namespace VismaOperator.Manifests;

/// <summary>The objects of one text.</summary>
internal sealed class ManifestText
{
    /// <summary>Levels of nesting that a document may have. kubectl takes ten times as many, which no object of a cluster has.</summary>
    internal const int MaxDepth = 1000;

    private static readonly string[] identity = ["apiVersion", "kind"];

    // Those that kubectl refuses (https://yaml.org/spec/1.1/#c-printable), as far as one character tells.
    private static readonly SearchValues<char> unprintable = SearchValues.Create([
        .. Enumerable
            .Range(0, 0xA0)
            .Select(code => (char)code)
            .Where(code => char.IsControl(code) && code is not ('\t' or '\n' or '\r' or '\u0085')),
        '\uFFFE',
        '\uFFFF',
    ]);

    private readonly List<ManifestDocument> documents = [];
    private readonly List<ManifestProblem> problems = [];
    private readonly string file;
    private readonly CancellationToken cancellation;

    private ManifestText(string file, CancellationToken cancellation) => (this.file, this.cancellation) = (file, cancellation);

    /// <summary>
    /// Reads a text; a document without apiVersion and kind is a problem of the kind <see cref="ManifestProblemKind.NoManifest"/>.
    /// </summary>
    internal static ManifestSet Read(string file, string text, CancellationToken cancellation)
    {
        var reading = new ManifestText(file, cancellation);
        reading.All(text.Replace("\r\n", "\n", StringComparison.Ordinal));
        return new(reading.documents, reading.problems);
    }

    private void All(string text)
    {
        if (text.AsSpan().IndexOfAny(unprintable) is >= 0 and var index)
        {
            var before = text.AsSpan(0, index);
            var code = ((int)text[index]).ToString("X4", CultureInfo.InvariantCulture);
            Report(
                new(before.Count('\n') + 1, index - before.LastIndexOf('\n')),
                $"this is not YAML: it has a character that no text has (U+{code}): save it as plain text in UTF-8"
            );
            return;
        }

        foreach (var chunk in DocumentChunk.Divide(text, Report, cancellation).Where(chunk => !string.IsNullOrWhiteSpace(chunk.Text)))
        {
            Chunk(chunk);
        }
    }

    private void Chunk(DocumentChunk chunk)
    {
        var isRefused = false;
        using var reader = new StringReader(chunk.Text);
        var composer = new YamlComposer(
            Parser.CreateParser(reader, MaxDepth),
            mark => chunk.At(mark.Line, mark.Column),
            Fault,
            cancellation
        );
        try
        {
            if (composer.NextDocument() is { } root)
            {
                Objects(root, new DocumentBuilder(file, () => isRefused, cancellation));
                Rest(composer, root);
            }
        }
        catch (DocumentTooLargeException)
        {
            TooLarge(chunk.Start);
        }
        catch (YamlException exception)
        {
            Report(TabOf(chunk, exception) ?? chunk.At(exception.Start.Line, exception.Start.Column), Syntax(chunk, exception));
        }
#pragma warning disable CA1031 // A text that the parser was not made for must not end the process.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            Report(chunk.Start, $"this is not YAML, and this document was not read ({exception.GetType().Name})");
        }

        void Fault(YamlFault fault, Position position, string message)
        {
            isRefused |= fault == YamlFault.Refused;
            Report(position, message);
        }
    }

    // kubectl reads one document between two lines of dashes, and after three dots nothing. An empty text with a tag is the begin of what
    // follows.
    private void Rest(YamlComposer composer, YamlNode root)
    {
        try
        {
            if (composer.Rest() is { } position)
            {
                Report(
                    position,
                    "kubectl does not read what follows the end of a document: write --- in a line of its own before it",
                    ManifestProblemKind.LeftOut
                );
            }
        }
        catch (YamlException) when (root.Content is not YamlNode.Scalar { Text: "", Tag.Length: > 0 })
        {
            // Nobody reads it.
        }
    }

    private static string Syntax(DocumentChunk chunk, YamlException exception) =>
        TabOf(chunk, exception) is null
            ? "this is not YAML, and nothing after it was read: "
                + $"{exception.Message[(exception.Message.IndexOf("): ", StringComparison.Ordinal) is >= 0 and var end ? end + 3 : 0)..]}"
            : "this is not YAML, and nothing after it was read: the line is indented by a tab: use spaces";

    // The parser reports a tab where the object around it begins, so the tab is looked for.
    private static Position? TabOf(DocumentChunk chunk, YamlException exception)
    {
        var tab = chunk
            .Text.Split('\n')
            .Index()
            .Skip(exception.Start.Line)
            .FirstOrDefault(line => line.Item.StartsWith('\t') && line.Item.Trim().Length > 0);
        return tab.Item is null ? null : chunk.At(tab.Index, 0);
    }

    private void Objects(YamlNode root, DocumentBuilder builder)
    {
        switch (root.Content)
        {
            case YamlNode.Scalar { IsPlain: true, Text: "" or "~" or "null" or "Null" or "NULL" }:
                break;
            case YamlNode.Mapping list when IsList(list):
                Items(list, builder);
                break;
            case YamlNode.Mapping mapping when identity.All(key => HasText(mapping, key)):
                Build(root, mapping, builder);
                break;
            default:
                NoObject(root);
                break;
        }
    }

    private void Items(YamlNode.Mapping list, DocumentBuilder builder)
    {
        foreach (var item in ((YamlNode.Sequence)list.Find("items")!).Items)
        {
            if (item.Content is YamlNode.Mapping inner && IsList(inner))
            {
                Report(item.Start, "kubectl refuses a list within a list: write the items of the inner one into the outer one");
            }
            else if (item.Content is YamlNode.Mapping mapping && TypedItem(list, mapping) is { } typed)
            {
                Build(item, typed, builder);
            }
            else if (item.Content is YamlNode.Mapping)
            {
                Objects(item, builder);
            }
            else
            {
                NoObject(item);
            }
        }
    }

    // The items of a VismaConnectionList need not say what they are; those of a List must.
    private static YamlNode.Mapping? TypedItem(YamlNode.Mapping list, YamlNode.Mapping item)
    {
        var kind = ((YamlNode.Scalar)list.Find("kind")!).Text;
        if (kind == "List" || identity.Any(key => item.Find(key) is not null) || !HasText(list, "apiVersion"))
        {
            return null;
        }

        YamlEntry Entry(string key, string value) =>
            new(key, Written: null, item.Start, new YamlNode.Scalar(item.Start, value, IsPlain: false, Tag: string.Empty));
        return item with
        {
            Entries =
            [
                Entry("apiVersion", ((YamlNode.Scalar)list.Find("apiVersion")!).Text),
                Entry("kind", kind[..^"List".Length]),
                .. item.Entries,
            ],
        };
    }

    private void Build(YamlNode place, YamlNode.Mapping mapping, DocumentBuilder builder)
    {
        try
        {
            documents.Add(builder.Build(place is YamlNode.Alias ? mapping with { Start = place.Start } : mapping, Report));
        }
        catch (DocumentTooLargeException)
        {
            TooLarge(place.Start);
        }
    }

    private void TooLarge(Position position) =>
        Report(position, "the document is too large or too deeply nested for an object of Kubernetes, aliases included");

    private void NoObject(YamlNode root)
    {
        var missing = identity.Where(key => root.Content is not YamlNode.Mapping mapping || !HasText(mapping, key)).ToList();
        var isOther = root.Content is not YamlNode.Mapping some || identity.All(key => some.Find(key) is null);
        Report(
            root.Start,
            $"this is not an object of Kubernetes: add {string.Join(" and ", missing)}",
            isOther ? ManifestProblemKind.NoManifest : ManifestProblemKind.Unreadable
        );
    }

    private static bool IsList(YamlNode.Mapping mapping) =>
        mapping.Find("kind") is YamlNode.Scalar kind
        && kind.Text.EndsWith("List", StringComparison.Ordinal)
        && mapping.Find("items") is YamlNode.Sequence;

    private static bool HasText(YamlNode.Mapping mapping, string key) =>
        mapping.Find(key) is YamlNode.Scalar { Text.Length: > 0 } scalar && (!scalar.IsPlain || IsText(scalar));

    private static bool IsText(YamlNode.Scalar scalar)
    {
        try
        {
            return YamlScalars.ToJson(scalar)?.GetValueKind() == System.Text.Json.JsonValueKind.String;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private void Report(Position position, string message) => Report(position, message, ManifestProblemKind.Unreadable);

    private void Report(Position position, string message, ManifestProblemKind kind) => problems.Add(new(file, position, message, kind));
}
