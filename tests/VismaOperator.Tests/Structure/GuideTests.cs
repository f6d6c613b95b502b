using System.Text.RegularExpressions;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>Every project, and every folder of the operator, has a guide of a few lines that says where to start reading.</summary>
public sealed partial class GuideTests
{
    private const int MostLines = 20;

    /// <summary>The folders, from <c>operator/</c> on.</summary>
    public static TheoryData<string> Folders() =>
    [
        .. Named("operator").Select(path => Path.GetRelativePath(Repository.Path("operator"), path)),
        .. Named("operator/VismaOperator").Select(path => Path.GetRelativePath(Repository.Path("operator"), path)),
    ];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Every_folder_has_a_guide_that_names_files_that_exist(string folder)
    {
        var path = Repository.Path("operator", folder);
        var guide = File.ReadAllText(Path.Combine(path, "README.md"));
        var start = Assert.Single(guide.Split("\n\n"), paragraph => paragraph.StartsWith("Start at ", StringComparison.Ordinal));
        var files = Directory.EnumerateFiles(path, "*.cs", SearchOption.AllDirectories).ToList();

        Assert.StartsWith("# ", guide, StringComparison.Ordinal);
        Assert.InRange(guide.Split('\n').Length, 1, MostLines);
        Assert.All(
            Code().Matches(start).Select(match => match.Groups["name"].Value),
            name => Assert.Contains(files, file => file.EndsWith($"/{name}.cs", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void The_guide_of_the_verbs_names_a_file_to_start_at_in_each_folder_below_it()
    {
        var path = Repository.Path("operator", "VismaOperator", "Cli");
        var names = Code().Matches(File.ReadAllText(Path.Combine(path, "README.md"))).Select(match => match.Groups["name"].Value).ToList();

        Assert.All(
            Directory.EnumerateDirectories(path),
            folder => Assert.Contains(names, name => File.Exists(Path.Combine(folder, $"{name}.cs")))
        );
    }

    private static IEnumerable<string> Named(string folder) =>
        Directory
            .EnumerateDirectories(Repository.Path(folder))
            .Where(path => Path.GetFileName(path) is not ("bin" or "obj" or "Properties"));

    [GeneratedRegex("`(?<name>[^`]+)`", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Code();
}
