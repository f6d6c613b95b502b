using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>No image is built where the tests run, so what its first steps need is held against the checkout.</summary>
public sealed class DockerfileTests
{
    private static readonly string[] readByRestore = ["*.csproj", "*.props", "*.targets", "global.json"];

    [Fact]
    public void All_that_decides_a_restore_is_copied_before_it()
    {
        // A file that comes later still counts for the publish, which does not restore: without IsTrimmable of
        // operator/Directory.Build.props the trimmer is not among the packages, and the executable is three times as large, with no word
        // about it.
        var copied = File.ReadLines(Repository.Path("Dockerfile"))
            .TakeWhile(line => !line.StartsWith("RUN dotnet restore", StringComparison.Ordinal))
            .Where(line => line.StartsWith("COPY ", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ')[1..^1])
            .SelectMany(Files);

        Assert.NotEmpty(Inputs());
        Assert.Empty(Inputs().Except(copied));
    }

    private static IEnumerable<string> Inputs() =>
        from folder in Directory
            .EnumerateDirectories(Repository.Path("operator"))
            .Append(Repository.Path("operator"))
            .Append(Repository.Root)
        from pattern in readByRestore
        from file in Directory.EnumerateFiles(folder, pattern)
        select Path.GetRelativePath(Repository.Root, file);

    // A folder, a file, or a pattern for the files of one folder.
    private static IEnumerable<string> Files(string source) =>
        from file in Directory.Exists(Repository.Path(source))
            ? Directory.EnumerateFiles(Repository.Path(source), "*", SearchOption.AllDirectories)
            : Directory.EnumerateFiles(Path.GetDirectoryName(Repository.Path(source))!, Path.GetFileName(source))
        select Path.GetRelativePath(Repository.Root, file);
}
