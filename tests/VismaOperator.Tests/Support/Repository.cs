namespace VismaOperator.Tests.Support;

/// <summary>The checkout that the tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] folders = ["benchmarks", "charts", "docs", "examples", "operator", "tests"];

    internal static string Root { get; } = FindRoot();

    /// <summary>Every Markdown file.</summary>
    internal static IEnumerable<string> Documents =>
        Directory.EnumerateFiles(Root, "*.md").Concat(
            folders
                .SelectMany(folder => Directory.EnumerateFiles(Path(folder), "*.md", SearchOption.AllDirectories))
                .Where(path => !path.Split('/').Any(part => part is "bin" or "obj" or "node_modules"))
        );

    internal static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "VismaOperator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside a checkout: no VismaOperator.sln above " + AppContext.BaseDirectory);
    }
}
