using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.RegularExpressions;
using OAuth;

namespace VismaOperator.Clients;

/// <summary>
/// What looks wrong about a client secret that the provider refused. <c>invalid_client</c> does not say why, and a value that was copied
/// with something around it looks right on a screen. Only these fixed words are reported, never the value, its length or a part of it.
/// Nothing is corrected: the value of the Secret is sent unchanged.
/// </summary>
internal static partial class SecretOddities
{
    private const string ByteOrderMark = "\ufeff";

    // Blanks that are invisible and that a trim of ASCII blanks misses, such as no-break spaces and zero-width characters.
    private static readonly SearchValues<char> invisibleBlanks = SearchValues.Create("\u00a0\u2007\u202f\u200b\u200c\u200d\u2060\u00ad");

    private static readonly SearchValues<char> nameLetters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.-"
    );

    private static readonly (Func<string, bool> IsSo, string Words)[] oddities =
    [
        (value => value.Contains('\0', StringComparison.Ordinal), "is UTF-16: store it as UTF-8"),
        (value => value.StartsWith(ByteOrderMark, StringComparison.Ordinal), "begins with a byte order mark (BOM)"),
        (value => !value.Contains('\0', StringComparison.Ordinal) && value.Contains('\ufffd', StringComparison.Ordinal), "is not UTF-8"),
        (value => IsSops(Bare(value)), "is encrypted by SOPS: decrypt it before it is applied"),
        (value => IsPlaceholder(Bare(value)), "looks like a placeholder that was never replaced"),
        (IsQuoted, "has quotes around it"),
        (value => !IsQuoted(value) && !IsPlaceholder(Bare(value)) && HasQuoteAtAnEnd(value.Trim()), "begins or ends with a quote"),
        (value => value.Length > 0 && (value[0] is ' ' || value[^1] is ' '), "begins or ends with a blank"),
        (value => IsBare(value) && value.Trim().Contains(' ', StringComparison.Ordinal), "has a blank in it"),
        (value => value.Contains("-----BEGIN ", StringComparison.Ordinal), "is a whole encrypted or key file (-----BEGIN ...)"),
        (HasForeignLetter, "has a letter outside of ASCII, such as a dash or quote of a word processor"),
        (value => value.Contains('\t', StringComparison.Ordinal), "has a tab"),
        (value => value.AsSpan().ContainsAny(invisibleBlanks), "has a no-break space or another invisible character"),
        (value => value.AsSpan().ContainsAny('\r', '\n'), "has a line break"),
        (
            value => value.EndsWith("\\n", StringComparison.Ordinal) || value.EndsWith("\\r", StringComparison.Ordinal),
            "ends with a written line break (a backslash and a letter)"
        ),
        (value => IsEncodedTwice(value.Trim()), "looks encoded with base64 twice: in data it is encoded once, in stringData not at all"),
        (value => Bare(value) is ['{', .., '}'] json && !IsPlaceholder(json), "looks like a whole JSON document"),
        (IsNamed, "begins with a name before the secret itself"),
        (value => Encoded().IsMatch(value), "looks URL-encoded"),
    ];

    /// <summary>False for a value that no form can hold: a NUL character, as UTF-16 text has one in each letter.</summary>
    public static bool CanBeSent(Sensitive secret) => !secret.Reveal().Contains('\0', StringComparison.Ordinal);

    /// <summary>What looks wrong; empty when nothing does.</summary>
    public static IReadOnlyList<string> Of(Sensitive secret)
    {
        var value = secret.Reveal();
        return [.. oddities.Where(oddity => oddity.IsSo(value)).Select(oddity => oddity.Words)];
    }

    // A document or a placeholder is reported as such already.
    private static bool IsBare(string value) =>
        !IsPlaceholder(Bare(value)) && !IsNamed(value) && Bare(value) is not (['{', .., '}'] or ['-', '-', '-', ..]);

    private static bool HasQuoteAtAnEnd(string value) => value is ['"' or '\'' or '`', ..] or [.., '"' or '\'' or '`'];

    private static bool HasForeignLetter(string value) =>
        !IsQuoted(value)
        && value.Any(letter => letter > '\u007f' && letter is not ('\ufeff' or '\ufffd') && !invisibleBlanks.Contains(letter));

    private static string Bare(string value) => value.Trim().Trim('"', '\'').Trim();

    private static bool IsSops(string value) => value.StartsWith("ENC[", StringComparison.Ordinal) && value.EndsWith(']');

    private static bool IsQuoted(string value) =>
        value.Trim().TrimEnd(',', ';') is [var first, .., var last]
        && (first, last)
            is
                ('"', '"')
                or
                ('\'', '\'')
                or
                ('`', '`')
                or
                ('\u201c', '\u201d')
                or
                ('\u201e', '\u201c')
                or
                ('\u201e', '\u201d')
                or
                ('\u201d', '\u201d')
                or
                ('\u2018', '\u2019')
                or
                ('\u00ab', '\u00bb')
                or
                ('\u00bb', '\u00ab');

    private static bool IsPlaceholder(string value) =>
        value is ['$', '{', .., '}'] or ['$', '(', .., ')'] or ['<', .., '>'] or ['{', '{', .., '}', '}'] or ['%', .., '%']
        || KnownPlaceholder().IsMatch(value);

    // As a line of a file has it: client_secret = "...
    private static bool IsNamed(string value)
    {
        var name = WithoutQuote(value.AsSpan().TrimStart());
        var end = name.IndexOfAnyExcept(nameLetters);
        return end > 0
            && name[..end].Contains("secret", StringComparison.OrdinalIgnoreCase)
            && WithoutQuote(name[end..]).TrimStart() is [':' or '=', .. var secret]
            && secret.TrimStart().Length > 0;
    }

    private static ReadOnlySpan<char> WithoutQuote(ReadOnlySpan<char> text) => text is ['"', .. var rest] ? rest : text;

    // A random secret that happens to be Base64 hardly ever decodes to printable text.
    private static bool IsEncodedTwice(string value)
    {
        const int Shortest = 8;
        var padded = value.PadRight((value.Length + 3) / 4 * 4, '=').Replace('-', '+').Replace('_', '/');
        if (value.Length < Shortest || value.Length % 4 == 1 || !Base64.IsValid(padded))
        {
            return false;
        }

        // For UTF-16 and a byte order mark only the letters count.
        var decoded = Encoding.Latin1.GetString(Convert.FromBase64String(padded)).Replace("\0", string.Empty, StringComparison.Ordinal)
            .TrimStart('\u00ef', '\u00bb', '\u00bf', '\u00ff', '\u00fe').TrimEnd('\r', '\n');
        return decoded.Length > 0 && decoded.All(character => character is >= ' ' and <= '~');
    }

    [GeneratedRegex(
        "^(change[-_ ]?(me|it)|replace[-_ ]?(me|this)|todo|fixme|placeholder|dummy|redacted|example|x{3,}|[*]{3,}|your[-_ "
        + "].*|(ref[+])?vault[:+].*|op://.*|null|undefined)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        Timeout.Infinite
    )]
    private static partial Regex KnownPlaceholder();

    [GeneratedRegex("%[0-9A-Fa-f]{2}", RegexOptions.CultureInvariant, Timeout.Infinite)]
    private static partial Regex Encoded();
}
