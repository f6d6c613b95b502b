using System.Text;

namespace OAuth;

/// <summary>
/// The values of one exchange that must not come back in a message: what was sent, and what the answer issued. Some servers and
/// gateways echo a request in their error description.
/// </summary>
internal sealed class SpentCredentials
{
    private const string Withheld = "(withheld: it repeated a credential)";

    private readonly List<string> spellings = [];

    public SpentCredentials(params ReadOnlySpan<Sensitive> values)
    {
        foreach (var value in values)
        {
            Add(value.Reveal());
        }
    }

    /// <summary>Adds a value in the spellings it may come back in: plain, URL-encoded, form-encoded, Base64.</summary>
    public void Add(string value)
    {
        var escaped = Uri.EscapeDataString(value);
        spellings.Add(value);
        spellings.Add(PrintableText.Cut(value, int.MaxValue));
        spellings.Add(escaped);
        spellings.Add(escaped.Replace("%20", "+", StringComparison.Ordinal));
        spellings.Add(Convert.ToBase64String(Encoding.UTF8.GetBytes(value)));
    }

    /// <summary>A server's text, fit to be shown: withheld when it repeats one of them, otherwise short and printable.</summary>
    public string Quote(string text, int maxLength) => AreIn(text) ? Withheld : PrintableText.Cut(text, maxLength);

    private bool AreIn(string text) =>
        spellings.Exists(spelling => text.Contains(spelling, StringComparison.OrdinalIgnoreCase));
}
