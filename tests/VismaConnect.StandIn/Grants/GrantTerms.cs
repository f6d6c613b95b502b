namespace VismaConnect.StandIn;

/// <summary>What a person consented to: the request as it was asked, and who answered it.</summary>
internal sealed record GrantTerms(AuthorizationRequest Request, SignIn Person);

/// <summary>A person who signed in for one company.</summary>
internal sealed record SignIn(StandInUser User, string TenantId, DateTimeOffset Time);

/// <summary>The verdict on a code or a refresh token.</summary>
internal abstract record GrantOutcome(GrantTrace? Trace)
{
    /// <summary>The refresh token is null where <c>offline_access</c> was not granted.</summary>
    public sealed record Accepted(GrantTerms Terms, RefreshTokenState? RefreshToken, GrantTrace? Trace) : GrantOutcome(Trace);

    public sealed record Refused(StandInError Error, GrantTrace? Trace) : GrantOutcome(Trace);
}
