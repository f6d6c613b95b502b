namespace VismaOperator.Consent.Web;

/// <summary>A page with its status.</summary>
/// <param name="Status">HTTP status code.</param>
/// <param name="Body">The whole document.</param>
internal sealed record Page(int Status, Html Body)
{
    /// <summary>
    /// Origins that the page's form may lead to besides our own: browsers hold redirects after a form to <c>form-action</c>, too. Null when
    /// the page has no form.
    /// </summary>
    public IReadOnlyList<string>? FormOrigins { get; init; }
}
