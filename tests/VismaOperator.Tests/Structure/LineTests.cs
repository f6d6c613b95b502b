using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>Lines are short enough to be read side by side with a change of them.</summary>
public sealed class LineTests
{
    private const int Columns = 140;

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
