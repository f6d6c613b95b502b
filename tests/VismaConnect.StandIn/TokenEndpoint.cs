namespace VismaConnect.StandIn;

/// <summary>Answers token requests: what the rules decide, written as the real server writes it.</summary>
internal sealed class TokenEndpoint(TokenRules rules, Portal portal, Ledger ledger, TimeProvider time, Func<string> issuer)
{
    private readonly AccessTokens accessTokens = new(time);
    private readonly IdTokens idTokens = new(time);

    public Reply Process(TokenForm form) => rules.Decide(form) switch
    {
        TokenDecision.Grant grant => Issue(grant),
        TokenDecision.Refuse refuse => Refusal(refuse.Error) with { Grant = refuse.Trace },
        _ => throw new InvalidOperationException("a decision without a meaning"),
    };

    /// <summary>Always 400, as Duende.</summary>
    public static Reply Refusal(StandInError error) => Reply.Json(400, Bodies.Of(error), error.Code);

    private Reply Issue(TokenDecision.Grant grant)
    {
        var lifetime = grant.Client.AccessTokenLifetime ?? portal.AccessTokenLifetime;
        var accessToken = accessTokens.Issue(issuer(), grant, lifetime);
        ledger.AddSecret(accessToken);
        var answer = new TokenAnswer(accessToken, lifetime, grant.Client.StatesScopes ? grant.Scopes : null)
        {
            IdToken = grant.Terms is { } terms && grant.Scopes.Contains("openid") ? IssueIdToken(terms, grant, accessToken) : null,
            RefreshToken = grant.RefreshToken?.Value,
            RefreshTokenExpiresIn = grant.RefreshToken is { Family.Settings.AnnouncesExpiration: true } token
                ? token.ExpiresAt - time.GetUtcNow()
                : null,
        };
        return Reply.Json(200, Bodies.Of(answer), "granted") with { Grant = grant.Trace };
    }

    private string IssueIdToken(GrantTerms terms, TokenDecision.Grant grant, string accessToken)
    {
        var isFirst = grant.Trace is { Generation: 0 };
        var idToken = idTokens.Issue(issuer(), terms, accessToken, isFirst ? terms.Request.Nonce : null);
        ledger.AddSecret(idToken);
        return idToken;
    }
}

/// <summary>A successful token response (RFC 6749 section 5.1).</summary>
internal sealed record TokenAnswer(string AccessToken, TimeSpan Lifetime, IReadOnlyList<string>? Scopes)
{
    public string? IdToken { get; init; }

    public string? RefreshToken { get; init; }

    /// <summary>Null when the client's settings do not announce it.</summary>
    public TimeSpan? RefreshTokenExpiresIn { get; init; }
}
