using System.Security.Cryptography;
using System.Text;

namespace VismaOperator.Consent.Web;

/// <summary>
/// What all pages look like: plain HTML without scripts, readable at 320 px and in the dark. The style is part of the page and is allowed
/// by its hash, so that a page is one answer and nothing else of the operator needs to be public.
/// </summary>
internal static class PageLayout
{
    private const string Style = """
        :root{color-scheme:light dark;--text:#1b1f24;--quiet:#57606a;--ground:#fff;--line:#d0d7de;--accent:#0550ae;--on-accent:#fff}
        @media (prefers-color-scheme:dark){:root{--text:#e6edf3;--quiet:#9da7b3;--ground:#0d1117;--line:#3d444d;--accent:#79c0ff;--on-accent:#0d1117}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--ground);color:var(--text);font:1.0625rem/1.6 system-ui,sans-serif}
        main{max-width:40rem;margin:0 auto;padding:2.5rem 1.25rem;overflow-wrap:anywhere}
        h1{margin:0 0 1rem;font-size:1.625rem;line-height:1.25}
        dl{margin:1.5rem 0;border-top:1px solid var(--line)}
        dl>div{padding:.625rem 0;border-bottom:1px solid var(--line)}
        dt{color:var(--quiet);font-size:.9375rem}
        dd{margin:0}
        dd ul{margin:0;padding-left:1.25rem}
        button{max-width:100%;min-height:2.75rem;padding:.625rem 1.25rem;border:2px solid var(--accent);border-radius:.375rem;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;cursor:pointer}
        :focus-visible{outline:3px solid var(--text);outline-offset:3px}
        footer{color:var(--quiet);font-size:.9375rem}
        """;

    /// <summary>The source expression by which a content security policy allows the style (CSP level 3, section 2.3.1).</summary>
    public static string StyleSource { get; } = $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'";

    /// <summary>A whole page.</summary>
    /// <param name="title">Its heading, and its title.</param>
    /// <param name="content">What follows the heading.</param>
    public static Html Of(string title, Html content) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{title} – Visma operator</title>
        {StyleElement}
        </head>
        <body>
        <main>
        <h1>{title}</h1>
        {content}
        <footer>
        <p>Visma operator</p>
        </footer>
        </main>
        </body>
        </html>

        """);

    // The hash is that of exactly the characters between the tags.
    private static Html StyleElement { get; } = Html.OfConstant($"<style>{Style}</style>");
}
