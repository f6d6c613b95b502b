using Microsoft.AspNetCore.Http;

namespace VismaConnect.StandIn;

/// <summary>
/// Answers revocation requests (RFC 7009) as Duende does: an unknown token, another client's, and an access token, which lives on until it
/// expires, are all answered 200.
/// </summary>
internal sealed class RevocationEndpoint(ClientAuthentication authentication, IssuedGrants grants)
{
    private static readonly string[] knownHints = ["refresh_token", "access_token"];

    public Reply Process(HttpRequest request, TokenForm form)
    {
        if (form.Fields is null)
        {
            return HttpMethods.IsPost(request.Method) ? Reply.Empty(415, "unsupported media type") : Reply.Empty(405, "method not allowed");
        }

        if (authentication.Authenticate(form) is not { } client)
        {
            return Refusal("invalid_client");
        }

        if (form.Field("token") is not { } token)
        {
            return Refusal("invalid_request");
        }

        var hint = form.Field("token_type_hint");
        return hint is not null && !knownHints.Contains(hint) ? Refusal("unsupported_token_type") : Revoke(token, hint, client);
    }

    /// <summary>With the hint of an access token, no refresh token is looked for.</summary>
    private Reply Revoke(string token, string? hint, StandInClient client)
    {
        var trace = hint == "access_token" ? null : grants.Revoke(token, client);
        return Reply.Empty(200, trace is null ? "nothing to revoke" : "revoked") with { Grant = trace };
    }

    private static Reply Refusal(string code) => TokenEndpoint.Refusal(new StandInError(code));
}
