namespace VismaOperator.Manifests;

/// <summary>Where a path leads once every link on the way is followed, so that one file or folder has one name.</summary>
internal static class RealPath
{
    // As many as Linux follows.
    private const int MostLinks = 40;

    /// <summary>The path without links. A part that does not exist stays as it is.</summary>
    public static string Of(string path) => Of(Path.GetFullPath(path), MostLinks);

    /// <summary>True when the first path is the second one, or lies within it.</summary>
    public static bool IsWithin(string inner, string outer) =>
        WithSeparator(Of(inner)).StartsWith(WithSeparator(Of(outer)), StringComparison.Ordinal);

    private static string Of(string full, int links)
    {
        var real = Path.GetPathRoot(full)!;
        foreach (var part in full[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            if (links > 0 && new FileInfo(real).LinkTarget is { } target)
            {
                real = Of(Path.GetFullPath(target, Path.GetDirectoryName(real)!), links - 1);
            }
        }

        return real;
    }

    // With a separator at the end of both, a directory lies within itself, and ./state-of-mine does not lie within ./state.
    private static string WithSeparator(string path) => Path.EndsInDirectorySeparator(path) ? path : path + Path.DirectorySeparatorChar;
}
