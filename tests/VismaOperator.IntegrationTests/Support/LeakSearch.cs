using System.Buffers;
using System.Text;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>A text that people or their tools can read.</summary>
internal sealed record ReadableText(string Origin, string Text);

/// <summary>Searches texts for secrets.</summary>
internal static class LeakSearch
{
    /// <summary>A line for each hit; the line does not repeat the secret.</summary>
    public static IEnumerable<string> In(IEnumerable<ReadableText> texts, IEnumerable<string> secrets)
    {
        string[] needles = [.. secrets.SelectMany(Forms).Distinct()];
        var any = SearchValues.Create(needles, StringComparison.Ordinal); // one pass over a text, however many there are
        return from text in texts
               where text.Text.AsSpan().ContainsAny(any)
               from needle in needles
               where text.Text.Contains(needle, StringComparison.Ordinal)
               select $"a secret in {text.Origin}: {text.Text.Replace(needle, "<<<HERE>>>", StringComparison.Ordinal)}";
    }

    // As it is, as Kubernetes writes it, as a form sends it, and the part of a token that is worth as much as the whole.
    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(secret));
        yield return Uri.EscapeDataString(secret);
        if (secret.Split('.') is [_, _, var signature])
        {
            yield return signature;
        }
    }
}
