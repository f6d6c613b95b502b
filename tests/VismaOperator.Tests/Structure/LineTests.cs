using System.Text.RegularExpressions;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>Lines are short enough to be read side by side with a change of them.</summary>
public sealed partial class LineTests
{
    private const int Columns = 140;
    private const int TextColumns = 120;

    // Text that stands as it is sent, and links, cannot be broken.
    private const string RawString = "\"\"\"";

    private static readonly string[] folders = ["operator", "tests", "benchmarks"];

    [Fact]
    public void No_line_of_code_is_wider_than_140_columns()
    {
        var wide =
            from folder in folders
            from path in Directory.EnumerateFiles(Repository.Path(folder), "*.cs", SearchOption.AllDirectories)
            let segments = path.Split(Path.DirectorySeparatorChar)
            where !segments.Contains("obj") && !segments.Contains("bin")
            from line in WideLines(path)
            select line;

        Assert.Empty(wide);
    }

    [Fact]
    public void No_line_of_a_document_is_wider_than_120_columns() =>
        Assert.Empty(Repository.Documents.SelectMany(WideTextLines));

    // A row of a table and a line of code (fenced, or indented by four spaces) cannot be broken.
    private static IEnumerable<string> WideTextLines(string path)
    {
        var isCode = false;
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            isCode ^= line.TrimStart().StartsWith("```", StringComparison.Ordinal);
            if (line.Length > TextColumns && !isCode && !Unbroken().IsMatch(line))
            {
                yield return $"{path}:{number}";
            }
        }
    }

    [GeneratedRegex(@"^\||^ {4}|://", RegexOptions.CultureInvariant, 60_000)]
    private static partial Regex Unbroken();

    private static IEnumerable<string> WideLines(string path)
    {
        var isRaw = false;
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var marks = line.Split(RawString).Length - 1;
            if (line.Length > Columns && !isRaw && marks == 0 && !line.Contains("://", StringComparison.Ordinal))
            {
                yield return $"{path}:{number}";
            }

            isRaw ^= marks % 2 == 1;
        }
    }
}
