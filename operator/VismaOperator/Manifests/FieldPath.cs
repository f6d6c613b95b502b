using System.Globalization;

namespace VismaOperator.Manifests;

/// <summary>
/// Paths of fields as problems name them: <c>spec.clientSecrets[0].secretKeyRef.name</c>, and keys that are not plain
/// words in brackets: <c>metadata.labels[example.com/team]</c>.
/// </summary>
public static class FieldPath
{
    /// <summary>The path of a member of an object.</summary>
    public static string Member(string parent, string name)
    {
        if (!IsPlainWord(name))
        {
            return $"{parent}[{name}]";
        }

        return parent.Length == 0 ? name : $"{parent}.{name}";
    }

    /// <summary>The path of an item of a list.</summary>
    public static string Item(string parent, int index) => string.Create(CultureInfo.InvariantCulture, $"{parent}[{index}]");

    /// <summary>The path of what contains the field; empty for the root.</summary>
    public static string Parent(string path)
    {
        var end = path.EndsWith(']') ? path.LastIndexOf('[') : path.LastIndexOf('.');
        return end <= 0 ? string.Empty : path[..end];
    }

    private static bool IsPlainWord(string name) =>
        name.Length > 0
        && char.IsAsciiLetter(name[0])
        && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-');
}
