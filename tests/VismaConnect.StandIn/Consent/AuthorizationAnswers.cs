namespace VismaConnect.StandIn;

/// <summary>Writes what leaves the authorization endpoint for the client: redirects with the answer in the query.</summary>
internal sealed class AuthorizationAnswers(StandInOptions options, Func<string> issuer)
{
    /// <summary>The outcome in the ledger is <c>approved</c>: what was issued is a code, no token.</summary>
    public Reply Code(AuthorizationRequest request, string code, GrantTrace trace) =>
        Redirect(request, "approved", ("code", code), ("scope", string.Join(' ', request.Scopes))) with { Grant = trace };

    public Reply Error(AuthorizationRequest request, StandInError error) =>
        Redirect(request, error.Code, ("error", error.Code), ("error_description", error.Description));

    /// <summary>An error that a wrong request made, which may not be the person's to see.</summary>
    public Reply RequestError(AuthorizationRequest request, StandInError error) => options.AuthorizationErrors == AuthorizationErrors.OnPage
        ? ConsentPages.Error(error)
        : Error(request, error);

    private Reply Redirect(AuthorizationRequest request, string outcome, params (string Name, string? Value)[] answer)
    {
        var pairs = answer
            .Append(("state", request.State))
            .Append(("iss", options.SendsAuthorizationResponseIssuer ? issuer() : null))
            .Where(pair => pair.Item2 is not null)
            .Select(pair => pair.Item1 + "=" + Uri.EscapeDataString(pair.Item2!));
        var separator = request.RedirectUri.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        return Reply.RedirectTo(request.RedirectUri + separator + string.Join('&', pairs), outcome);
    }
}
