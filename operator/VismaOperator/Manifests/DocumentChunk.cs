using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace VismaOperator.Manifests;

/// <summary>The text of one document, and where it begins in its file.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DocumentChunk(string Text, Position Start)
{
    /// <summary>True for a JSON value, which may hold characters that YAML may not.</summary>
    internal bool IsJson { get; private init; }

    private const string Separator = "---";
    private const char ByteOrderMark = '\uFEFF';

    /// <summary>
    /// Divides a text as kubectl does: JSON values one after another; else YAML, a document between two lines that begin with three dashes,
    /// also where YAML itself would not divide (in a quoted text, for example). An error in one document then leaves the next one readable.
    /// YAML may follow one JSON value, and nothing but JSON may follow two.
    /// </summary>
    internal static IReadOnlyList<DocumentChunk> Divide(string text, Action<Position, string> report, CancellationToken cancellation)
    {
        var chunks = new List<DocumentChunk>();
        var all = new DocumentChunk(text, new(1, 1)).WithoutMark();
        if (!all.Text.AsSpan().TrimStart().StartsWith("{"))
        {
            AddYaml(chunks, all, report);
        }
        else if (AddJson(chunks, all, report, cancellation) is { } rest)
        {
            AddYaml(chunks, rest.WithoutBlanks().WithoutMark(), report);
        }

        return chunks;
    }

    /// <summary>A position in the file for one in the text; both numbers begin at 0 there.</summary>
    internal Position At(int line, int column) => new(Start.Line + line, line == 0 ? Start.Column + column : column + 1);

    // What is no JSON may still be YAML, which looks the same at its begin. The answer is what follows the last value, where that may be
    // YAML. Each character is looked at once, however many values there are.
    private static DocumentChunk? AddJson(
        List<DocumentChunk> chunks,
        DocumentChunk all,
        Action<Position, string> report,
        CancellationToken cancellation
    )
    {
        var bytes = Encoding.UTF8.GetBytes(all.Text);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = ManifestText.MaxDepth });
        var (offset, end, position) = (0, 0, all.Start);
        try
        {
            while (reader.Read())
            {
                cancellation.ThrowIfCancellationRequested();
                var begin = (int)reader.TokenStartIndex;
                reader.Skip();
                var from = offset + Encoding.UTF8.GetCharCount(bytes, end, begin - end);
                var start = Behind(position, all.Text.AsSpan(offset..from));
                end = (int)reader.BytesConsumed;
                offset = from + Encoding.UTF8.GetCharCount(bytes, begin, end - begin);
                var value = all.Text[from..offset];
                position = Behind(start, value);
                chunks.Add(new(value, start) { IsJson = true });
            }
        }
        catch (JsonException exception) when (chunks.Count > 1)
        {
            report(
                all.PlaceOf(exception),
                "this is not JSON, and kubectl reads nothing else after two JSON values: correct it, or write --- in a line of its own "
                    + "between all objects"
            );
            return null;
        }
        catch (JsonException)
        {
            // The rest is read as YAML, where an error gets its position.
        }

        return new(all.Text[offset..], position);
    }

    private static void AddYaml(List<DocumentChunk> chunks, DocumentChunk rest, Action<Position, string> report)
    {
        var (begin, line, text) = (0, 0, rest.Text);
        var start = rest.Start;
        for (var from = 0; from < text.Length; line++)
        {
            var end = text.IndexOf('\n', from) is >= 0 and var found ? found : text.Length;
            if (text.AsSpan(from, end - from).StartsWith(Separator))
            {
                var behind = text.AsSpan(from + Separator.Length, end - from - Separator.Length).Trim();
                if (!behind.IsEmpty && behind[0] != '#')
                {
                    report(
                        rest.At(line, Separator.Length),
                        "kubectl refuses text behind the dashes between two documents: write it in the next line"
                    );
                }

                chunks.Add(new DocumentChunk(text[begin..from], start).WithoutMark());
                (begin, start) = (Math.Min(end + 1, text.Length), rest.At(line + 1, 0));
            }

            from = end + 1;
        }

        // kubectl ends the last line, which a text in several lines may keep.
        var last = text[begin..];
        chunks.Add(new DocumentChunk(last.EndsWith('\n') ? last : last + "\n", start).WithoutMark());
    }

    private Position PlaceOf(JsonException exception)
    {
        var line = Encoding.UTF8.GetBytes(Text.Split('\n')[(int)exception.LineNumber!]);
        return At((int)exception.LineNumber, Encoding.UTF8.GetCharCount(line, 0, (int)exception.BytePositionInLine!));
    }

    // kubectl passes over the blanks behind a JSON value, up to the begin of the next line.
    private DocumentChunk WithoutBlanks()
    {
        var end = 0;
        while (end < Text.Length && char.IsWhiteSpace(Text[end]) && Text[end] != '\n')
        {
            end++;
        }

        end += end < Text.Length && Text[end] == '\n' ? 1 : 0;
        return new(Text[end..], Behind(Start, Text.AsSpan(0, end)));
    }

    private DocumentChunk WithoutMark() => Text.StartsWith(ByteOrderMark) ? this with { Text = Text[1..] } : this;

    private static Position Behind(Position start, ReadOnlySpan<char> text) =>
        text.LastIndexOf('\n') is >= 0 and var last
            ? new(start.Line + text.Count('\n'), text.Length - last)
            : start with { Column = start.Column + text.Length };
}
