namespace VismaOperator.Tests.Support;

internal static class Paragraphs
{
    private const int Columns = 118;

    /// <summary>A paragraph of a page that is written by a test, broken into lines.</summary>
    internal static string Wrapped(this string paragraph)
    {
        var lines = new List<string> { string.Empty };
        foreach (var word in paragraph.Split(' '))
        {
            if (lines[^1].Length > 0 && lines[^1].Length + 1 + word.Length > Columns)
            {
                lines.Add(word);
            }
            else
            {
                lines[^1] += lines[^1].Length == 0 ? word : " " + word;
            }
        }

        return string.Join('\n', lines);
    }
}
