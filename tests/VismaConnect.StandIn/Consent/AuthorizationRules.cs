using Microsoft.AspNetCore.Http;

namespace VismaConnect.StandIn;

/// <summary>
/// Decides authorization requests in Duende's order. Until client and redirect URI are known to belong together nobody is sent
/// anywhere: a wrong one ends on a page.
/// </summary>
internal sealed class AuthorizationRules(Portal portal)
{
    private const int MaxClientIdLength = 100;
    private const int MaxRedirectUriLength = 400;
    private const int MaxNonceLength = 300;

    private static readonly string[] knownPrompts = ["none", "login", "consent", "select_account"];
    private static readonly string[] otherResponseTypes =
    [
        "token",
        "id_token",
        "id_token token",
        "code id_token",
        "code token",
        "code id_token token",
    ];

    public AuthorizationDecision Decide(IQueryCollection query)
    {
        if (Text(query, "client_id") is not { Length: <= MaxClientIdLength } id)
        {
            return OnPage("invalid_request", "Invalid client_id");
        }

        if (portal.FindClient(id) is not { IsEnabled: true } client)
        {
            return OnPage("unauthorized_client", "Unknown client or client not enabled");
        }

        if (Text(query, "redirect_uri") is not { Length: <= MaxRedirectUriLength } uri || !client.RedirectUris.Contains(uri))
        {
            return OnPage("invalid_request", "Invalid redirect_uri");
        }

        var request = Read(query, client, uri);
        var error =
            RefusalOfResponse(query)
            ?? RefusalOfChallenge(request)
            ?? RefusalOfMode(query, client)
            ?? RefusalOfScope(query, request)
            ?? RefusalOfRest(request);
        return error is null ? new AuthorizationDecision.Ask(request) : new AuthorizationDecision.Refuse(error, request);
    }

    private static AuthorizationRequest Read(IQueryCollection query, StandInClient client, string redirectUri) =>
        new(client, redirectUri, Text(query, "state"))
        {
            Scopes = [.. TokenForm.Split(Text(query, "scope")).Distinct()],
            Challenge = Text(query, "code_challenge") is { } value
                ? new CodeChallenge(value, Text(query, "code_challenge_method") ?? CodeChallenge.Plain)
                : null,
            Nonce = Text(query, "nonce"),
            LoginHint = Text(query, "login_hint"),
            Prompts = TokenForm.Split(Text(query, "prompt")),
        };

    private static StandInError? RefusalOfResponse(IQueryCollection query) => Text(query, "response_type") switch
    {
        null => Invalid("Missing response_type"),
        "code" => null,
        var type when otherResponseTypes.Contains(type) => new StandInError("unauthorized_client", "Invalid grant type for client"),
        _ => new StandInError("unsupported_response_type", "Response type not supported"),
    };

    private static StandInError? RefusalOfChallenge(AuthorizationRequest request) => request.Challenge switch
    {
        null => request.Client.RequirePkce ? Invalid("code challenge required") : null,
        { Value: var value } when !CodeChallenge.IsOfFittingLength(value) => Invalid("Invalid code_challenge"),
        { Method: CodeChallenge.Plain or CodeChallenge.Sha256 } => null,
        _ => Invalid("Transform algorithm not supported"),
    };

    /// <summary>The stand-in answers by query only; the real server knows two more ways.</summary>
    private static StandInError? RefusalOfMode(IQueryCollection query, StandInClient client) =>
        Text(query, "response_mode") is not (null or "query") ? new StandInError("unsupported_response_type", "Invalid response_mode")
        : client.AllowedGrants.Contains("authorization_code") ? null
        : new StandInError("unauthorized_client", "Invalid grant type for client");

    private static StandInError? RefusalOfScope(IQueryCollection query, AuthorizationRequest request)
    {
        if (request.Scopes.Count == 0 || Text(query, "scope")!.Length > TokenRules.MaxScopeLength)
        {
            return Invalid("Invalid scope");
        }

        if (!request.Scopes.All(request.Client.MayAskPeopleFor))
        {
            return new StandInError("invalid_scope", "Invalid scope");
        }

        return request.Scopes.Any(ErpScopes.Identity.Contains) && !request.Scopes.Contains("openid")
            ? new StandInError("invalid_scope", "Identity scopes requested, but openid scope is missing")
            : null;
    }

    private static StandInError? RefusalOfRest(AuthorizationRequest request) =>
        request.Nonce?.Length > MaxNonceLength ? Invalid("Invalid nonce")
        : !request.Prompts.All(knownPrompts.Contains) ? Invalid("Unsupported prompt mode")
        : request.Prompts.Contains("none") && request.Prompts.Count > 1 ? Invalid("Invalid prompt")
        : null;

    private static AuthorizationDecision.RefuseOnPage OnPage(string code, string description) => new(new StandInError(code, description));

    private static StandInError Invalid(string description) => new("invalid_request", description);

    /// <summary>A parameter sent twice reads as both with a comma, as at Duende.</summary>
    private static string? Text(IQueryCollection query, string name) => query[name].ToString() is { Length: > 0 } text ? text : null;
}

/// <summary>The verdict on an authorization request.</summary>
internal abstract record AuthorizationDecision
{
    private AuthorizationDecision()
    {
    }

    /// <summary>The person is to be asked.</summary>
    public sealed record Ask(AuthorizationRequest Request) : AuthorizationDecision;

    /// <summary>Nobody may be sent to the redirect URI.</summary>
    public sealed record RefuseOnPage(StandInError Error) : AuthorizationDecision;

    /// <summary>Client and redirect URI are right, something else is wrong.</summary>
    public sealed record Refuse(StandInError Error, AuthorizationRequest Request) : AuthorizationDecision;
}
