using System.Text.RegularExpressions;

namespace VismaOperator.Tests.Support;

/// <summary>Output of verbs in pages for people, each below a mark with its name. With WRITE_DOCS=1 it is written anew.</summary>
internal static partial class Captures
{
    /// <summary>Compares all captures of a page, which are named here in the page's order, or writes them.</summary>
    internal static async Task CompareAsync(string file, IReadOnlyList<(string Name, Func<Task<string>> Say)> captures)
    {
        var page = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(captures.Select(one => one.Name), Capture().Matches(page).Select(match => match.Groups["name"].Value));
        foreach (var (name, say) in captures)
        {
            var said = Block(await say());
            page = Capture()
                .Replace(page, match => match.Groups["name"].Value == name ? $"<!-- capture: {name} -->\n\n{said}" : match.Value);
        }

        await ComparePageAsync(file, page);
    }

    /// <summary>Compares a whole page, or writes it.</summary>
    internal static async Task ComparePageAsync(string file, string expected)
    {
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(file, expected, TestContext.Current.CancellationToken);
            return;
        }

        Assert.True(
            File.Exists(file) && await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken) == expected,
            $"{file} is not what the verb says: run `make docs`, look at the difference and commit it."
        );
    }

    /// <summary>Output as Markdown shows it.</summary>
    internal static string Block(string text) => $"```text\n{text.ReplaceLineEndings("\n").TrimEnd()}\n```\n";

    [GeneratedRegex(
        @"<!-- capture: (?<name>[a-z-]+) -->\n\n```text\n.*?```\n",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        60_000
    )]
    private static partial Regex Capture();
}
