using System.Buffers;
using System.Globalization;
using SharpYaml;

namespace VismaOperator.Manifests;

/// <summary>The objects of one text.</summary>
internal sealed class ManifestText
{
    /// <summary>Levels of nesting that a document may have. kubectl takes ten times as many, which no object of a cluster has.</summary>
    internal const int MaxDepth = 1000;

    private const string ApiVersion = "apiVersion";
    private const string Kind = "kind";
    private const string ItemsKey = "items";
    private const string ListSuffix = "List";

    private static readonly string[] identity = [ApiVersion, Kind];

    // Those that kubectl refuses (https://yaml.org/spec/1.1/#c-printable), as far as a single character shows it.
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
    private bool isRejected; // by kubectl, the document that is read
    private bool isForeign; // objects of any form, not of Kubernetes

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

    /// <summary>Reads a text whose objects, and objects in lists, have a form of their own, such as an export of another program.</summary>
    internal static ManifestSet ReadForeign(string file, string text, CancellationToken cancellation)
    {
        var reading = new ManifestText(file, cancellation) { isForeign = true };
        reading.All(text.Replace("\r\n", "\n", StringComparison.Ordinal));
        return new(reading.documents, reading.problems);
    }

    private void All(string text)
    {
        foreach (var chunk in DocumentChunk.Divide(text, Report, cancellation).Where(chunk => !string.IsNullOrWhiteSpace(chunk.Text)))
        {
            if (!chunk.IsJson && chunk.Text.AsSpan().IndexOfAny(unprintable) is >= 0 and var index)
            {
                Unprintable(chunk, index);
            }
            else
            {
                Chunk(chunk);
            }
        }
    }

    private void Unprintable(DocumentChunk chunk, int index)
    {
        var before = chunk.Text.AsSpan(0, index);
        var code = ((int)chunk.Text[index]).ToString("X4", CultureInfo.InvariantCulture);
        Report(
            chunk.At(before.Count('\n'), index - before.LastIndexOf('\n') - 1),
            $"this is not YAML: it has a character that no text has (U+{code}): save it as plain text in UTF-8"
        );
    }

    private void Chunk(DocumentChunk chunk)
    {
        isRejected = false;
        using var reader = new StringReader(chunk.Text);
        var composer = new YamlComposer(
            Parser.CreateParser(reader, MaxDepth),
            chunk.IsJson ? null : chunk.Text,
            mark => chunk.At(mark.Line, mark.Column),
            Fault,
            cancellation
        );
        try
        {
            if (composer.NextDocument() is { } root)
            {
                Objects(root, new DocumentBuilder(file, () => isRejected, cancellation));
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
            isRejected |= fault == YamlFault.Rejected;
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
            // It is not read.
        }
    }

    private static string Syntax(DocumentChunk chunk, YamlException exception) =>
        TabOf(chunk, exception) is null
            ? $"this is {(chunk.Text.AsSpan().TrimStart() is ['{' or '[', ..] ? "neither JSON nor YAML" : "not YAML")}, and nothing after "
                + "it was read: "
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
            case YamlNode.Scalar scalar when IsNull(scalar):
                break;
            case YamlNode.Sequence list when isForeign:
                foreach (var item in list.Items)
                {
                    Foreign(item, builder);
                }

                break;
            case var _ when isForeign:
                Foreign(root, builder);
                break;
            case YamlNode.Mapping list when list.Find(ItemsKey) is { } items:
                List(root, list, items, builder);
                break;
            case YamlNode.Mapping mapping:
                One(root, mapping, builder);
                break;
            default:
                NoObject(root);
                break;
        }
    }

    private void Foreign(YamlNode node, DocumentBuilder builder)
    {
        if (node.Content is YamlNode.Mapping mapping)
        {
            Build(node, mapping, builder);
        }
        else
        {
            Report(node.Start, "this is no object, and no list of objects");
        }
    }

    private void One(YamlNode node, YamlNode.Mapping mapping, DocumentBuilder builder)
    {
        if (!IsObject(mapping))
        {
            NoObject(node);
        }
        else if (KindOf(mapping) == ListSuffix)
        {
            Report(node.Start, "this List has no items, and no server has such a kind: add items, which may be empty");
        }
        else
        {
            Build(node, mapping, builder);
        }
    }

    // kubectl treats everything that has items as a list, of any kind, and reads nothing else of it.
    private void List(YamlNode root, YamlNode.Mapping list, YamlNode items, DocumentBuilder builder)
    {
        if (!HasText(list, Kind) || HasBadVersion(list) || (KindOf(list) != ListSuffix && !HasText(list, ApiVersion)))
        {
            NoObject(root);
        }
        else if (items is not YamlNode.Sequence && !IsNull(items))
        {
            Report(items.Start, "kubectl takes an object with items for a list, and refuses this one: make items a list, or remove them");
        }
        else
        {
            if (!KindOf(list).EndsWith(ListSuffix, StringComparison.Ordinal))
            {
                Report(
                    root.Start,
                    $"kubectl takes an object with items for a list and reads nothing but the items: remove them to make a {KindOf(list)}",
                    ManifestProblemKind.LeftOut
                );
            }

            Items(list, (items as YamlNode.Sequence)?.Items ?? [], builder);
        }
    }

    private void Items(YamlNode.Mapping list, IReadOnlyList<YamlNode> items, DocumentBuilder builder)
    {
        var objects = new List<(YamlNode Item, YamlNode.Mapping Mapping)>();
        foreach (var item in items)
        {
            if (item.Content is YamlNode.Mapping mapping && mapping.Find(ItemsKey) is not YamlNode.Sequence)
            {
                objects.Add((item, Typed(list, mapping)));
            }
            else if (item.Content is YamlNode.Mapping)
            {
                Refuse(item.Start, "kubectl refuses a list within a list: write the items of the inner one into the outer one");
            }
            else if (IsNull(item.Content))
            {
                objects.Add((item, Typed(list, new YamlNode.Mapping(item.Start, []))));
            }
            else
            {
                Refuse(item.Start, "kubectl refuses a list with an item that is not an object: remove it, or make it an object");
            }
        }

        var first = documents.Count;
        foreach (var (item, mapping) in objects)
        {
            One(item, mapping, builder);
        }

        // If one value cannot be converted, the whole list is rejected.
        var others = builder.Build(list with { Entries = [.. list.Entries.Where(entry => entry.Key != ItemsKey)] }, Report);
        var read = documents.Skip(first).ToList();
        if (others.IsRejected || read.Exists(document => document.IsRejected))
        {
            read.ForEach(document => document.IsRejected = true);
        }
    }

    // The items of a VismaConnectionList need not say what they are; those of a List must.
    private static YamlNode.Mapping Typed(YamlNode.Mapping list, YamlNode.Mapping item)
    {
        var kind = KindOf(list) is var whole && whole.EndsWith(ListSuffix, StringComparison.Ordinal) ? whole[..^ListSuffix.Length] : whole;
        if (kind.Length == 0 || !HasText(list, ApiVersion) || identity.Any(key => HasText(item, key)))
        {
            return item;
        }

        YamlEntry Entry(string key, string value) =>
            new(key, Written: null, item.Start, new YamlNode.Scalar(item.Start, value, IsPlain: false, Tag: string.Empty));
        return item with
        {
            Entries =
            [
                Entry(ApiVersion, TextOf(list, ApiVersion)),
                Entry(Kind, kind),
                .. item.Entries.Where(entry => !identity.Contains(entry.Key)),
            ],
        };
    }

    private void Build(YamlNode node, YamlNode.Mapping mapping, DocumentBuilder builder)
    {
        try
        {
            documents.Add(builder.Build(node is YamlNode.Alias ? mapping with { Start = node.Start } : mapping, Report));
        }
        catch (DocumentTooLargeException)
        {
            TooLarge(node.Start);
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
            "this is not an object of Kubernetes: "
                + (missing.Count > 0 ? $"add {string.Join(" and ", missing)}" : "apiVersion must be VERSION or GROUP/VERSION"),
            isOther ? ManifestProblemKind.NoManifest : ManifestProblemKind.Unreadable
        );
    }

    private static bool IsObject(YamlNode.Mapping mapping) => identity.All(key => HasText(mapping, key)) && !HasBadVersion(mapping);

    private static bool HasBadVersion(YamlNode.Mapping mapping) =>
        HasText(mapping, ApiVersion) && TextOf(mapping, ApiVersion).AsSpan().Count('/') > 1;

    private static bool IsNull(YamlNode node) => node is YamlNode.Scalar { IsPlain: true, Text: "" or "~" or "null" or "Null" or "NULL" };

    private static string KindOf(YamlNode.Mapping mapping) => TextOf(mapping, Kind);

    private static string TextOf(YamlNode.Mapping mapping, string key) => ((YamlNode.Scalar)mapping.Find(key)!).Text;

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

    private void Refuse(Position position, string message)
    {
        isRejected = true;
        Report(position, message);
    }

    private void Report(Position position, string message) => Report(position, message, ManifestProblemKind.Unreadable);

    private void Report(Position position, string message, ManifestProblemKind kind) => problems.Add(new(file, position, message, kind));
}
