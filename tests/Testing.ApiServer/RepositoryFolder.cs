namespace VismaOperator.Testing.ApiServer;

/// <summary>Finds folders of the checkout from where a test assembly runs, wherever its output folder lies.</summary>
public static class RepositoryFolder
{
    private const string Landmark = "VismaOperator.sln";

    /// <summary>The root of the checkout.</summary>
    /// <exception cref="DirectoryNotFoundException">The tests run outside of a checkout.</exception>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>The absolute path of a file or folder that is named relative to the root, for example <c>crds</c>.</summary>
    public static string PathOf(string relative) => Path.Combine(Root, relative);

    private static string FindRoot(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Landmark)))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No folder above {start} holds {Landmark}: run the tests inside of a checkout.");
    }
}
