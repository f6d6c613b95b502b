using System.Net;

namespace VismaOperator.Connecting;

/// <summary>What the browser is shown after it came back. Plain text in HTML: no scripts, nothing from elsewhere, nothing of the request.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">Headline.</param>
/// <param name="Text">One or two sentences.</param>
internal sealed record CallbackPage(int Status, string Title, string Text)
{
    /// <summary>Only this page's own style; nothing is loaded, sent or framed.</summary>
    public const string ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>The page for an answer that is none, or belongs to no request of this terminal.</summary>
    public static CallbackPage Refused { get; } = new(400, "This answer cannot be used", "It belongs to no consent that this terminal waits for. Go on in the window that the terminal opened, or run the command again.");

    /// <summary>The page while the operator has the code and nothing is known yet.</summary>
    public static CallbackPage HandedOver { get; } = new(200, "Nearly done", "The code has arrived and waits for the operator. The terminal says how it ends; this window can be closed.");

    /// <summary>The page when the terminal was stopped.</summary>
    public static CallbackPage Stopped { get; } = new(200, "The terminal waits no more", "The command was stopped before it ended. Run it again to consent.");

    /// <summary>The page where there is nothing.</summary>
    public static CallbackPage NotFound { get; } = new(404, "Nothing here", "A terminal waits on this port for the end of a consent.");

    /// <summary>The consent is stored.</summary>
    public static CallbackPage Consented(string connection) => new(200, "Consent given", $"{connection} may now act for you. This window can be closed.");

    /// <summary>There is no consent, and why.</summary>
    public static CallbackPage Failed(string cause) => new(200, "No consent", $"{cause} The terminal says more; this window can be closed.");

    /// <summary>The page as HTML.</summary>
    public string ToHtml() => $$"""
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><title>{{WebUtility.HtmlEncode(Title)}}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <style>body{font:16px/1.5 sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}</style>
        </head>
        <body><main>
        <h1>{{WebUtility.HtmlEncode(Title)}}</h1>
        <p>{{WebUtility.HtmlEncode(Text)}}</p>
        </main></body>
        </html>
        """;
}
