using OAuth;

namespace VismaOperator.Connecting;

/// <summary>By what the answer to our request is told from all else that reaches the port.</summary>
/// <param name="State">The state that we sent (RFC 6749 section 10.12).</param>
/// <param name="Issuer">The issuer that we sent the browser to (RFC 9207).</param>
/// <param name="Iss">Whether the provider promises to name itself in its answers.</param>
/// <param name="Refused">Told why a request was refused, in words without anything of the request.</param>
internal sealed record CallbackExpectation(Sensitive State, string Issuer, IssParameter Iss, Action<string> Refused)
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
        !state.FixedTimeEquals(State) ? "it belongs to another request (the state differs)"
        : issuer is not null && issuer != Issuer ? "it comes from another issuer (iss differs)"
        : issuer is null && Iss == IssParameter.Promised ? "it does not name its issuer, which this provider promises (iss is missing)"
        : null;
}

/// <summary>Whether a provider promises the parameter <c>iss</c> in its answers (RFC 9207 section 3).</summary>
internal enum IssParameter
{
    /// <summary>It says nothing of it.</summary>
    NotPromised,

    /// <summary>It does; an answer without is not its own (section 2.4).</summary>
    Promised,
}
