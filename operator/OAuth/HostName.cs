using System.Globalization;

namespace OAuth;

/// <summary>
/// Rules for the host names of URLs that people write. Only ASCII is accepted: a public page prints a redirect URL
/// with U+2024 in place of a full stop, and name preparation quietly turns some such characters into dots.
/// </summary>
public static class HostName
{
    /// <summary>
    /// What is wrong with the authority of <paramref name="url"/>, as a sentence that names the remedy; null when nothing is.
    /// </summary>
    public static string? ProblemIn(string url)
    {
        var authority = AuthorityOf(url);
        if (authority.Contains('@'))
        {
            return "the URL has user information before its host name; remove it";
        }

        foreach (var rune in authority.EnumerateRunes())
        {
            if (!rune.IsAscii)
            {
                return Describe(rune.Value);
            }
        }

        return null;
    }

    /// <summary>Whether the authority of <paramref name="url"/> is ASCII only.</summary>
    public static bool IsAscii(string url)
    {
        foreach (var character in AuthorityOf(url))
        {
            if (!char.IsAscii(character))
            {
                return false;
            }
        }

        return true;
    }

    private static string Describe(int codePoint)
    {
        var name = "U+" + codePoint.ToString("X4", CultureInfo.InvariantCulture);
        return codePoint is 0x2024 or 0x3002 or 0xFF0E or 0xFF61 or 0xFE52
            ? $"the host name contains {name}, which looks like a full stop and is not; write a plain '.'"
            : $"the host name contains {name}; host names must be ASCII (international names in their xn-- form)";
    }

    private static ReadOnlySpan<char> AuthorityOf(string url)
    {
        var text = url.AsSpan();
        var start = text.IndexOf("://", StringComparison.Ordinal);
        text = start < 0 ? text : text[(start + 3)..];
        var end = text.IndexOfAny('/', '?', '#');
        return end < 0 ? text : text[..end];
    }
}
