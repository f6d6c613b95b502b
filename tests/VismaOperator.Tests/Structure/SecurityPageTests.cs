using System.Text.RegularExpressions;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>The threat model of SECURITY.md names tests. Each of them is there, and a row without one says so.</summary>
[Trait("Category", "Docs")]
public sealed partial class SecurityPageTests
{
    private static readonly string page = File.ReadAllText(Repository.Path("SECURITY.md"));

    [Fact]
    public void Every_test_that_the_page_names_exists()
    {
        var tests = Directory
            .EnumerateFiles(Repository.Path("tests"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => TestsIn(File.ReadAllText(file)))
            .ToHashSet(StringComparer.Ordinal);
        var named = TestName().Matches(page).Select(match => match.Groups["name"].Value).ToList();

        Assert.NotEmpty(named);
        Assert.Empty(named.Except(tests));
    }

    [Fact]
    public void Every_row_names_a_test_or_says_that_there_is_none() =>
        Assert.All(
            Rows(),
            row =>
            {
                Assert.Equal(5, row.Length);
                Assert.DoesNotContain(string.Empty, row);
                Assert.NotEqual(TestName().IsMatch(row[^1]), row[^1].StartsWith("no test: ", StringComparison.Ordinal));
            }
        );

    [Fact]
    public void Every_attacker_is_explained_and_has_a_row()
    {
        var explained = Attackers().SelectMany(line => Bold().Matches(line).Select(match => match.Groups["name"].Value));

        Assert.Equal(explained.Order(StringComparer.Ordinal), Rows().Select(row => row[1]).Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("public sealed class A\n{\n    [Fact]\n    public void B() { }\n}", "A.B")]
    [InlineData("public sealed partial class A(X x) : Y\n{\n    [Theory]\n    [InlineData(1)]\n    public async Task B(int c)", "A.B")]
    [InlineData("public sealed class A\n{\n    public void B() { }\n}", null)]
    [InlineData("public sealed class A\n{\n    [Fact]\n    public void C() { }\n    public void B() { }\n}", "A.C")]
    public void A_method_is_a_test_by_its_attribute(string source, string? test) => Assert.Equal(test, TestsIn(source).SingleOrDefault());

    private static IEnumerable<string> TestsIn(string source)
    {
        var type = string.Empty;
        foreach (Match match in Declaration().Matches(source))
        {
            if (match.Groups["class"].Success)
            {
                type = match.Groups["class"].Value;
            }
            else
            {
                yield return $"{type}.{match.Groups["test"].Value}";
            }
        }
    }

    private static IEnumerable<string> Attackers() =>
        page.Split('\n').SkipWhile(line => line != "## Threat model").TakeWhile(line => !line.StartsWith('|'));

    private static List<string[]> Rows()
    {
        var rows = page.Split('\n')
            .SkipWhile(line => line != "| asset | attacker | way | what stops it | test |")
            .Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1])
            .ToList();
        Assert.NotEmpty(rows);
        return rows;
    }

    [GeneratedRegex("`(?<name>[A-Za-z]+Tests[.][A-Za-z0-9_]+)`", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex TestName();

    [GeneratedRegex("[*]{2}(?<name>[^*]+)[*]{2}", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Bold();

    // A class at the margin, or the first method behind an attribute that makes it a test.
    [GeneratedRegex(
        @"^(public|internal) [a-z ]*class (?<class>\w+)|^\s+\[(Fact|Theory)\b(.|\n)*?^\s+public [\w<> ]+ (?<test>\w+)\(",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        60_000
    )]
    private static partial Regex Declaration();
}
