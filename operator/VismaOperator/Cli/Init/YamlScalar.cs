using System.Globalization;
using System.Text;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Init;

/// <summary>
/// Text of others in YAML that is written by a template: it comes back as it is, and can end neither its line nor a comment.
/// </summary>
internal static class YamlScalar
{
    // What YAML 1.1 reads as something else than text, although it is made of letters.
    private static readonly HashSet<string> words = new(
        ["y", "n", "yes", "no", "on", "off", "true", "false", "null"],
        StringComparer.OrdinalIgnoreCase
    );

    /// <summary>The text as a value: as it is where every reader takes that for the same text, else in quotes.</summary>
    public static string Of(string text) => IsPlain(text) || Patterns.Guid.IsMatch(text) ? text : StatusText.Quoted(text);

    /// <summary>The text in a comment. What is no letter, number, mark or sign of any script is a question mark.</summary>
    public static string InComment(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => IsShown(rune) ? rune.ToString() : "?"));

    private static bool IsShown(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned
            );

    // A letter first, so that it is no number and no date.
    private static bool IsPlain(string text) =>
        text.Length > 0
        && char.IsAsciiLetter(text[0])
        && char.IsAsciiLetterOrDigit(text[^1])
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.' or '/' or ':')
        && !words.Contains(text);
}
