using System.Globalization;
using Kubernetes.Client;
using OAuth;
using VismaOperator.Consent.Flow;

namespace VismaOperator.Consent.Web;

/// <summary>The pages that people see. Every one says what happened and what to do now.</summary>
internal static class ConsentPages
{
    /// <summary>Asks for a confirmation.</summary>
    /// <param name="offer">What it is about.</param>
    /// <param name="action">Path that the form is sent to.</param>
    /// <param name="start">What lets the person begin.</param>
    public static Page Offer(ConsentOffer offer, string action, Sensitive start)
    {
        var name = offer.DisplayName ?? offer.Connection.Name;
        var provider = offer.AuthorizationEndpoint.Authority;
        var content = Html.Of($"""
            <p>You were asked to let an application work with Visma in your name. If you go on, you are sent to {provider}, where you sign in and give your consent. Nothing happens before that.</p>
            <dl>
            {Rows(("Connection", name), ("Kubernetes namespace", offer.Connection.Namespace), ("Kubernetes name", offer.Connection.Name))}
            {Rows(
                ("Application (client id)", offer.ClientId),
                ("Provider", offer.IssuerHost),
                ("Company (tenant id)", offer.TenantId ?? "not bound to one")
            )}
            <div><dt>Access that it asks for</dt><dd><ul>{Html.Of(
                offer.Scopes.Select(scope => Html.Of($"<li>{scope}</li>"))
            )}</ul></dd></div>
            </dl>
            <p>Continue only if you know who asked you to, and if the company is yours. At {provider}, choose this company and no other.</p>
            <form method="post" action="{action}">
            <input type="hidden" name="{ConsentEndpoints.StartField}" value="{start.Reveal()}">
            <button type="submit">Continue to {provider}</button>
            </form>
            """);
        return new Page(StatusCodes.Status200OK, PageLayout.Of($"Connect {name} to Visma?", content))
        {
            FormOrigins = [OriginOf(offer.AuthorizationEndpoint), OriginOf(offer.RedirectUri)],
        };
    }

    /// <summary>The page of an answer that ends the matter.</summary>
    public static Page Of(ConsentAnswer answer) => answer switch
    {
        ConsentAnswer.Granted granted => Granted(granted),
        ConsentAnswer.StoredSoon soon => StoredSoon(soon.Connection),
        ConsentAnswer.Failed failed => FailurePages.Of(failed),
        _ => throw new InvalidOperationException($"There is no page for {answer.GetType().Name}."),
    };

    private static Page Granted(ConsentAnswer.Granted granted)
    {
        var until = granted.ExpirationTime.UtcDateTime;
        return new Page(
            StatusCodes.Status200OK,
            PageLayout.Of(
                "Your consent is stored",
                Html.Of(
                    $"""
                    <p>The connection gets its token within seconds and keeps it fresh by itself. You can close this page.</p>
                    <dl>
                    {Rows(
                        ("Connection", granted.Connection.ToString()),
                        ("Consent given by", granted.GrantedBy ?? "a person whom the provider does not name")
                    )}
                    <div><dt>Consent ends</dt><dd><time datetime="{until.ToString(
                        "yyyy-MM-dd",
                        CultureInfo.InvariantCulture
                    )}">{until.ToString("d MMMM yyyy", CultureInfo.InvariantCulture)}</time></dd></div>
                    </dl>
                    <p>To withdraw it earlier, have the connection deleted, or withdraw it in your account at the provider.</p>
                    """
                )
            )
        );
    }

    private static Page StoredSoon(NamespacedName connection) =>
        new(
            StatusCodes.Status202Accepted,
            PageLayout.Of(
                "Your consent is about to be stored",
                Html.Of(
                    $"""
                    <p>It arrived, but the cluster cannot store it at the moment. The operator tries again every second. Do not consent again: look at the connection in a few minutes.</p>
                    <dl>
                    {Rows(("Connection", connection.ToString()))}
                    </dl>
                    """
                )
            )
        );

    private static Html Rows(params IEnumerable<(string Term, string Text)> rows) =>
        Html.Of(rows.Select(row => Html.Of($"<div><dt>{row.Term}</dt><dd>{row.Text}</dd></div>")));

    private static string OriginOf(Uri url) => url.GetLeftPart(UriPartial.Authority);
}
