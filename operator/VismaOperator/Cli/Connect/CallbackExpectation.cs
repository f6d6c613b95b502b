using OAuth;

namespace VismaOperator.Cli.Connect;

/// <summary>By what the answer to our request is told from all else that reaches the port.</summary>
/// <param name="State">The state that we sent (RFC 6749 section 10.12).</param>
/// <param name="Issuer">The issuer that we sent the browser to.</param>
/// <param name="Refused">Told why a request was refused, in words without anything of the request.</param>
internal sealed record CallbackExpectation(Sensitive State, AskedIssuer Issuer, Action<string> Refused)
{
    /// <summary>Why a response is not the answer to our request; null when it is.</summary>
    public string? ProblemWith(AuthorizationResponse response) => response switch
    {
        AuthorizationResponse.Code code => Problem(code.State, code.Issuer),
        AuthorizationResponse.Denied denied => Problem(denied.State, denied.Issuer),
        AuthorizationResponse.Unreadable unreadable => unreadable.Cause,
        _ => throw new InvalidOperationException($"Unknown response {response.GetType().Name}."),
    };

    private string? Problem(Sensitive state, string? issuer) =>
        state.FixedTimeEquals(State) ? Issuer.ProblemWith(issuer) : "it belongs to another request (the state differs)";
}
