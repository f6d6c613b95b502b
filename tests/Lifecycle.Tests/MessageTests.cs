using Xunit;

namespace Lifecycle.Tests;

/// <summary>The messages are those of <c>Messages.txt</c>. With <c>WRITE_DOCS=1</c> it is written anew (<c>make docs</c>).</summary>
public sealed class MessageTests
{
    private static readonly string file = Path.Combine(FindFolder(), "Messages.txt");

    private static readonly Dictionary<string, string> written =
        !File.Exists(file) ? [] : File.ReadAllText(file)
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(section => section.Split('\n')[0], section => section.TrimEnd('\n'), StringComparer.Ordinal);

    public static TheoryData<string> Situations => [.. Messages.All.Select(row => row.Situation)];

    [Theory]
    [MemberData(nameof(Situations))]
    public void People_read_what_is_written_down_where(string situation) =>
        Assert.Equal(written.GetValueOrDefault(situation), Section(Messages.All.Single(row => row.Situation == situation)));

    [Fact]
    [Trait("Category", "Docs")]
    public void The_file_has_these_situations_and_no_other_one()
    {
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
        {
            File.WriteAllText(file, string.Join("\n\n", Messages.All.Select(Section)) + "\n");
            return;
        }

        Assert.Equal(Messages.All.Select(row => row.Situation).Order(), written.Keys.Order());
    }

    private static string Section((string Situation, Func<IEnumerable<string>> Lines) row) =>
        string.Join('\n', row.Lines().Select(line => "  " + line).Prepend(row.Situation));

    private static string FindFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "VismaOperator.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"No VismaOperator.sln above {AppContext.BaseDirectory}.");
        }

        return Path.Combine(folder.FullName, "tests", "Lifecycle.Tests");
    }
}
