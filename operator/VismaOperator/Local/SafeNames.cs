using VismaOperator.Api.Validation;

namespace VismaOperator.Local;

/// <summary>
/// Names from manifests become names of files. A name that an API server would reject is rejected here too, since a name such as
/// <c>../..</c> would leave the directory.
/// </summary>
internal static class SafeNames
{
    private const int LongestName = 253;

    /// <summary>The name of a namespace or an object as the name of a directory or file.</summary>
    /// <exception cref="LocalException">It is no DNS subdomain (RFC 1123).</exception>
    public static string Directory(string name) =>
        name.Length <= LongestName && Patterns.Subdomain.IsMatch(name)
            ? name
            : throw new LocalException(
                $"'{name}' cannot be the name of a namespace or object. Use lower-case letters, digits, '-' and '.'."
            );

    /// <summary>
    /// True for a key that may be a file in a published folder: what a Secret can have, without names that begin with two dots (they are
    /// the folder's own).
    /// </summary>
    public static bool IsKey(string key) =>
        key is not "." && !key.StartsWith("..", StringComparison.Ordinal) && Patterns.SecretKey.IsMatch(key);
}
