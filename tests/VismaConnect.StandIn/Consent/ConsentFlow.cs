using Microsoft.AspNetCore.Http;

namespace VismaConnect.StandIn;

/// <summary>Leads a person from the authorization request over sign-in and consent back to the client.</summary>
internal sealed class ConsentFlow(Portal portal, IssuedGrants grants, Attempts attempts, Sessions sessions, AuthorizationAnswers answers)
{
    private readonly AuthorizationRules rules = new(portal);

    /// <summary>The authorization endpoint.</summary>
    public Reply Arrive(HttpRequest http) => rules.Decide(http.Query) switch
    {
        AuthorizationDecision.RefuseOnPage refuse => ConsentPages.Error(refuse.Error),
        AuthorizationDecision.Refuse refuse => answers.RequestError(refuse.Request, refuse.Error),
        AuthorizationDecision.Ask ask => Begin(ask.Request, sessions.Find(http)),
        _ => throw new InvalidOperationException("a decision without a meaning"),
    };

    public Reply ShowLogin(HttpRequest http) =>
        With(http.Query["attempt"], attempt => ConsentPages.Login(attempt, portal, refused: null));

    public Reply ShowConsent(HttpRequest http) => With(http.Query["attempt"], attempt => sessions.Find(http) is { } person
        ? ConsentPages.Consent(attempt, person, portal)
        : GoTo(ConsentPages.LoginPath, attempt.Id, "sent to sign in"));

    /// <summary>The answer of the login page.</summary>
    public Reply SignIn(HttpRequest http, IFormCollection form) => With(form["attempt"], attempt =>
    {
        if (form["decision"] == "cancel")
        {
            return Deny(attempt);
        }

        var name = form["username"].ToString().Trim();
        var user = portal.FindUser(name);
        if (user is not { IsEnabled: true })
        {
            return ConsentPages.Login(attempt, portal, new RefusedSignIn(name, "There is nobody of that name."));
        }

        return TenantOf(user, form["tenant"].ToString()) is { } tenant
            ? GoTo(ConsentPages.ConsentPath, attempt.Id, "signed in").With("Set-Cookie", sessions.Begin(user, tenant, http))
            : ConsentPages.Login(attempt, portal, new RefusedSignIn(name, "Choose a company that you may act for."));
    });

    /// <summary>The answer of the consent page. Only a person who is signed in can give one.</summary>
    public Reply Answer(HttpRequest http, IFormCollection form) => With(form["attempt"], attempt =>
    {
        if (sessions.Find(http) is not { } person)
        {
            return GoTo(ConsentPages.LoginPath, attempt.Id, "sent to sign in");
        }

        switch (form["decision"].ToString())
        {
            case "approve":
                return Approve(attempt, person);
            case "deny":
                return Deny(attempt);
            case "switch":
                sessions.End(http);
                return GoTo(ConsentPages.LoginPath, attempt.Id, "signed out");
            default:
                return ConsentPages.Consent(attempt, person, portal);
        }
    });

    /// <summary>What the page that is being answered was about, for the ledger.</summary>
    public AskedFor AskedOn(string? attemptId) => attempts.Find(attemptId) is { Request: var request }
        ? new AskedFor(request.Client.ClientId, null, null, null, request.Scopes)
        : AskedFor.Nothing;

    /// <summary>Consent is asked for each time, as Duende does for <c>offline_access</c>; so <c>prompt=none</c> cannot succeed.</summary>
    private Reply Begin(AuthorizationRequest request, SignIn? person)
    {
        if (request.Prompts.Contains("none"))
        {
            return answers.Error(request, new StandInError(person is null ? "login_required" : "consent_required"));
        }

        var isAskedToSignIn = request.Prompts.Contains("login") || request.Prompts.Contains("select_account");
        var path = person is null || isAskedToSignIn ? ConsentPages.LoginPath : ConsentPages.ConsentPath;
        return GoTo(path, attempts.Begin(request), path == ConsentPages.LoginPath ? "sent to sign in" : "sent to consent");
    }

    private Reply With(string? attemptId, Func<Attempt, Reply> proceed) => attempts.Find(attemptId) switch
    {
        null => ConsentPages.Error(new StandInError("invalid_request", "This page has been answered already, or its request is unknown.")),
        var attempt when attempts.IsExpired(attempt) => Deny(attempt),
        var attempt => proceed(attempt),
    };

    private Reply Approve(Attempt attempt, SignIn person)
    {
        if (!attempts.Close(attempt))
        {
            return ConsentPages.Error(new StandInError("invalid_request", "This page has been answered already."));
        }

        var (code, trace) = grants.IssueCode(new GrantTerms(attempt.Request, person));
        return answers.Code(attempt.Request, code, trace);
    }

    private Reply Deny(Attempt attempt)
    {
        attempts.Close(attempt);
        return answers.Error(attempt.Request, new StandInError("access_denied"));
    }

    private static string? TenantOf(StandInUser user, string chosen) =>
        chosen.Length > 0 ? user.Tenants.FirstOrDefault(id => id.Equals(chosen, StringComparison.OrdinalIgnoreCase))
        : user.Tenants is [var only] ? only
        : null;

    private static Reply GoTo(string path, string attemptId, string outcome) => Reply.RedirectTo($"{path}?attempt={attemptId}", outcome);
}
