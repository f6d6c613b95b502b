using System.Text.RegularExpressions;

namespace VismaOperator.Tests.Consent;

/// <summary>What every page must say to a browser.</summary>
internal static partial class Headers
{
    /// <summary>A page at a public URL.</summary>
    public static void Check(Visit visit, Uri publicUrl)
    {
        Check(visit);
        Assert.Equal(publicUrl.Scheme == "https" ? "max-age=31536000" : null, visit.Header("Strict-Transport-Security"));
    }

    /// <summary>A page anywhere.</summary>
    public static void Check(Visit visit)
    {
        var policy = visit.Header("Content-Security-Policy");
        Assert.NotNull(policy);
        Assert.Matches(PolicyPattern(), policy);
        Assert.Equal("no-store", visit.Header("Cache-Control"));
        Assert.Equal("no-referrer", visit.Header("Referrer-Policy"));
        Assert.Equal("nosniff", visit.Header("X-Content-Type-Options"));
        Assert.Equal("same-origin", visit.Header("Cross-Origin-Opener-Policy"));
        Assert.Equal("same-origin", visit.Header("Cross-Origin-Resource-Policy"));
        Assert.Null(visit.Header("Server"));
        Assert.DoesNotContain("<script", visit.Text, StringComparison.OrdinalIgnoreCase);
        if (visit.Text.Length > 0)
        {
            Assert.Equal("text/html; charset=utf-8", visit.Header("Content-Type"));
            Assert.StartsWith("<!DOCTYPE html>\n<html lang=\"en\">", visit.Text, StringComparison.Ordinal);
            Assert.Contains($"<title>{visit.Text.Split("<h1>")[1].Split("</h1>")[0]} ", visit.Text, StringComparison.Ordinal);
        }
    }

    [GeneratedRegex(
        "^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action ('none'|'self'( https?://[a-z0-9.:]+)+); "
        + "frame-ancestors 'none'; base-uri 'none'$",
        RegexOptions.ExplicitCapture,
        60_000
    )]
    private static partial Regex PolicyPattern();
}
