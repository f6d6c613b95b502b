using Microsoft.Extensions.FileSystemGlobbing;

namespace VismaOperator.Manifests;

/// <summary>
/// Patterns of files and folders that are passed over. A pattern without a slash matches a name at any depth, one with a slash is relative
/// to the folder; <c>*</c> matches a part of a name and <c>**</c> any folders. A folder that matches is passed over as a whole.
/// </summary>
internal sealed class IgnorePatterns
{
    /// <summary>A file with one pattern per line, for the folder that it is in. Lines that begin with <c>#</c> are comments.</summary>
    public const string FileName = ".vismaignore";

    private readonly string folder;
    private readonly Matcher matcher = new(StringComparison.Ordinal);

    /// <param name="folder">The folder that the patterns are relative to.</param>
    /// <param name="patterns">The patterns; blank ones and comments are left out.</param>
    public IgnorePatterns(string folder, IEnumerable<string> patterns)
    {
        this.folder = Path.GetFullPath(folder);
        foreach (var pattern in patterns.Select(pattern => pattern.Trim()).Where(pattern => pattern.Length > 0 && !pattern.StartsWith('#')))
        {
            Add(pattern);
        }
    }

    /// <summary>What is wrong with a pattern; null when it can be used.</summary>
    public static string? Objection(string pattern)
    {
        try
        {
            _ = new IgnorePatterns(Path.GetTempPath(), [pattern]);
            return pattern.StartsWith('!') ? "begins with '!', and a pattern cannot take another one back" : null;
        }
        catch (ArgumentException)
        {
            return "is no pattern: '**' stands for whole folders only, as in charts/**/values.yaml";
        }
    }

    /// <summary>True when a file or folder is passed over.</summary>
    public bool Ignores(string path) => matcher.Match(folder, Path.GetFullPath(path)).HasMatches;

    private void Add(string pattern)
    {
        var body = (pattern.StartsWith("./", StringComparison.Ordinal) ? pattern[2..] : pattern).TrimEnd('/');
        var anchored = body.Contains('/', StringComparison.Ordinal) ? body.TrimStart('/') : "**/" + body;
        matcher.AddInclude(anchored).AddInclude(anchored + "/**");
    }
}
