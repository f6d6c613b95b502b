using System.Text;

namespace VismaOperator.Api.Validation;

/// <summary>
/// Values of a Secret template: text in which <c>${key}</c> is replaced by the value of a standard key. There is no escape: a dollar sign
/// that no brace follows is kept.
/// </summary>
public static class TemplateText
{
    private const string Opening = "${";

    /// <summary>True when every reference names a standard key and ends with a brace.</summary>
    public static bool IsValid(string text)
    {
        foreach (var key in References(text))
        {
            if (key is null || !StandardKeys.All.Contains(key))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The text with every reference replaced. Values are put in as they are, without any escaping.</summary>
    /// <param name="text">A valid text.</param>
    /// <param name="valueOf">The value of a standard key.</param>
    /// <exception cref="FormatException">The text is not valid; see <see cref="IsValid"/>.</exception>
    public static string Render(string text, Func<string, string> valueOf)
    {
        if (!IsValid(text))
        {
            throw new FormatException("A reference of the template names no standard key.");
        }

        var result = new StringBuilder();
        var position = 0;
        while (text.IndexOf(Opening, position, StringComparison.Ordinal) is >= 0 and var start)
        {
            var end = text.IndexOf('}', start);
            result.Append(text, position, start - position).Append(valueOf(text[(start + Opening.Length)..end]));
            position = end + 1;
        }

        return result.Append(text, position, text.Length - position).ToString();
    }

    /// <summary>The names of all references; null for one without an end.</summary>
    internal static IEnumerable<string?> References(string text)
    {
        var position = 0;
        while (text.IndexOf(Opening, position, StringComparison.Ordinal) is >= 0 and var start)
        {
            var end = text.IndexOf('}', start);
            yield return end < 0 ? null : text[(start + Opening.Length)..end];
            position = end < 0 ? text.Length : end + 1;
        }
    }
}
