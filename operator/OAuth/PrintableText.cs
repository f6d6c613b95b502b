namespace OAuth;

/// <summary>Makes text of a server fit for a log line, a status or a terminal.</summary>
internal static class PrintableText
{
    /// <summary>
    /// Printable ASCII only (anything else becomes <c>?</c>, white space a space), at most <paramref name="maxLength"/> characters.
    /// </summary>
    public static string Cut(string text, int maxLength) => string.Create(
        Math.Min(text.Length, maxLength),
        text,
        static (target, source) =>
        {
            for (var index = 0; index < target.Length; index++)
            {
                target[index] = Printable(source[index]);
            }
        });

    private static char Printable(char character) => character switch
    {
        >= ' ' and <= '~' => character,
        '\t' or '\r' or '\n' => ' ',
        _ => '?',
    };
}
