using System.Text.RegularExpressions;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>SECURITY.md names a test for every way in which a value could get out. Each of them is there.</summary>
public sealed partial class SecurityPageTests
{
    [Fact]
    public void Every_test_that_the_page_names_exists()
    {
        var sources = Directory
            .EnumerateFiles(Repository.Path("tests"), "*.cs", SearchOption.AllDirectories)
            .ToLookup(file => Path.GetFileNameWithoutExtension(file));
        var rows = File.ReadAllLines(Repository.Path("SECURITY.md"))
            .SkipWhile(line => line != "| value | could show in | why it does not | test |")
            .Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .ToList();

        Assert.NotEmpty(rows);
        Assert.All(
            rows,
            row =>
            {
                var tests = TestName().Matches(row.Split('|')[^2]);
                Assert.NotEmpty(tests);
                Assert.All(
                    tests,
                    test =>
                        Assert.Contains(
                            sources[test.Groups["file"].Value],
                            file => File.ReadAllText(file).Contains($" {test.Groups["test"].Value}(", StringComparison.Ordinal)
                        )
                );
            }
        );
    }

    [GeneratedRegex("`(?<file>[A-Za-z]+)[.](?<test>[A-Za-z_]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TestName();
}
