using System.Net;
using System.Text.RegularExpressions;

namespace VismaOperator.Tests.Consent;

/// <summary>What a browser was answered.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Text">The body.</param>
/// <param name="Headers">The headers, content headers among them.</param>
internal sealed partial record Visit(int Status, string Text, IReadOnlyDictionary<string, IReadOnlyList<string>> Headers)
{
    /// <summary>The heading of the page.</summary>
    public string Heading => WebUtility.HtmlDecode(HeadingPattern().Match(Text).Groups["text"].Value);

    /// <summary>The page as a person reads it.</summary>
    public string Words => WebUtility.HtmlDecode(Tag().Replace(Style().Replace(Text, ""), " "));

    /// <summary>Where the browser is sent; null when it is not.</summary>
    public Uri? Location => Header("Location") is { } location ? new Uri(location) : null;

    /// <summary>Where the page's form leads.</summary>
    public string Action => WebUtility.HtmlDecode(FormPattern().Match(Text).Groups["action"].Value);

    /// <summary>The page's hidden field.</summary>
    public KeyValuePair<string, string> Field =>
        KeyValuePair.Create(
            FieldPattern().Match(Text).Groups["name"].Value,
            WebUtility.HtmlDecode(FieldPattern().Match(Text).Groups["value"].Value)
        );

    /// <summary>Reads an answer to its end.</summary>
    public static async Task<Visit> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var all = response
            .Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => (IReadOnlyList<string>)[.. header.Value], StringComparer.OrdinalIgnoreCase);
        return new Visit((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken), all);
    }

    public string? Header(string name) => Headers.TryGetValue(name, out var values) ? string.Join(", ", values) : null;

    [GeneratedRegex("<h1>(?<text>.*?)</h1>", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex HeadingPattern();

    [GeneratedRegex("<form method=\"post\" action=\"(?<action>[^\"]*)\">", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex FormPattern();

    [GeneratedRegex("<input type=\"hidden\" name=\"(?<name>[^\"]*)\" value=\"(?<value>[^\"]*)\">", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex FieldPattern();

    [GeneratedRegex("<style>.*?</style>", RegexOptions.Singleline, 60_000)]
    private static partial Regex Style();

    [GeneratedRegex("<[^>]*>", RegexOptions.None, 60_000)]
    private static partial Regex Tag();
}
