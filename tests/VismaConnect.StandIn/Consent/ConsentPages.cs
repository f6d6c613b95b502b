using System.Net;

namespace VismaConnect.StandIn;

/// <summary>The pages that a person sees: plain forms, no scripts.</summary>
internal static class ConsentPages
{
    public const string LoginPath = "/account/login";

    public const string ConsentPath = "/consent";

    /// <param name="attempt">The request that waits.</param>
    /// <param name="portal">Names the companies to choose from.</param>
    /// <param name="refused">Why the person is asked again; null the first time.</param>
    public static Reply Login(Attempt attempt, Portal portal, RefusedSignIn? refused)
    {
        var userName = refused?.UserName ?? attempt.Request.LoginHint ?? "";
        var choices = portal.TenantsOfUsers().Select(id => $"<option value=\"{Text(id)}\">{Text(portal.NameOf(id))}</option>");
        return Page(refused is null ? 200 : 400, "Sign in", $"""
            {(refused is null ? "" : $"<p role=\"alert\">{Text(refused.Problem)}</p>")}
            <form method="post" action="{LoginPath}">
            <input type="hidden" name="attempt" value="{attempt.Id}">
            <p><label for="username">User name</label><input id="username" name="username" value="{Text(
                userName
            )}" autocomplete="off" required autofocus></p>
            <p><label for="tenant">Company</label><select id="tenant" name="tenant"><option value="">My only one</option>{string.Concat(
                choices
            )}</select></p>
            <p><button name="decision" value="signin">Sign in</button> <button name="decision" value="cancel" formnovalidate>Cancel</button></p>
            </form>
            """, refused is null ? "login page" : "login refused");
    }

    public static Reply Consent(Attempt attempt, SignIn person, Portal portal)
    {
        var scopes = attempt.Request.Scopes.Select(scope => $"<li><code>{Text(scope)}</code></li>");
        return Page(
            200,
            "Allow access",
            $"""
            <p>Signed in as <strong>{Text(person.User.Name)}</strong> for company <strong>{Text(
                portal.NameOf(person.TenantId)
            )}</strong>.</p>
            <p>The application <strong>{Text(attempt.Request.Client.ClientId)}</strong> asks for:</p>
            <ul>{string.Concat(scopes)}</ul>
            <form method="post" action="{ConsentPath}">
            <input type="hidden" name="attempt" value="{attempt.Id}">
            <p><button name="decision" value="approve">Approve</button> <button name="decision" value="deny">Deny</button></p>
            <p><button name="decision" value="switch">Sign in as somebody else</button></p>
            </form>
            """, "consent page");
    }

    /// <summary>Where nobody may be sent back, or the request is no longer known.</summary>
    public static Reply Error(StandInError error) =>
        Page(
            400,
            "This request cannot be answered",
            $"<p role=\"alert\"><code>{Text(error.Code)}</code> {Text(error.Description ?? "")}</p>",
            "error page: " + error.Code
        );

    private static Reply Page(int status, string title, string content, string outcome) =>
        Reply.Page(
            status,
            $$"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><title>{{title}} - Visma Connect stand-in</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <style>body{font:16px/1.5 sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}label{display:block}input,select{font:inherit;width:100%;box-sizing:border-box}button{font:inherit}</style>
            </head>
            <body><main>
            <h1>{{title}}</h1>
            {{content}}
            <p><small>Visma Connect stand-in, for tests and demonstrations only.</small></p>
            </main></body>
            </html>
            """,
            outcome
        );

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}

/// <summary>What was typed on the login page, and what is wrong with it in the person's words.</summary>
internal sealed record RefusedSignIn(string UserName, string Problem);
