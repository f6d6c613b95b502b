namespace OAuth;

/// <summary>
/// What a browser brought back from the authorization endpoint (RFC 6749 section 4.1.2, RFC 9207). Anybody can make a browser bring
/// anything: nothing in here is trusted before <c>State</c> was found to be that of an open attempt, and <c>Issuer</c> that of its issuer.
/// </summary>
public abstract record AuthorizationResponse
{
    private AuthorizationResponse()
    {
    }

    /// <summary>The person consented.</summary>
    /// <param name="Value">The code to redeem; printable ASCII.</param>
    /// <param name="State">As it was sent, if the answer is genuine.</param>
    /// <param name="Issuer">The <c>iss</c> parameter; null when absent.</param>
    public sealed record Code(Sensitive Value, Sensitive State, string? Issuer) : AuthorizationResponse;

    /// <summary>There is no consent: the person said no, or the server did.</summary>
    /// <param name="Error">The <c>error</c> parameter; printable ASCII, at most 64 characters.</param>
    /// <param name="Description">The <c>error_description</c> parameter; printable ASCII, at most 200 characters, withheld when it repeated
    /// the state.</param>
    /// <param name="State">As it was sent, if the answer is genuine.</param>
    /// <param name="Issuer">The <c>iss</c> parameter; null when absent.</param>
    public sealed record Denied(string Error, string? Description, Sensitive State, string? Issuer) : AuthorizationResponse;

    /// <summary>No authorization response.</summary>
    /// <param name="Cause">One sentence for people; quotes nothing of the query.</param>
    public sealed record Unreadable(string Cause) : AuthorizationResponse;

    /// <summary>
    /// Reads the decoded pairs of the query; a name that occurs twice is there twice. Throws nothing, whatever the pairs.
    /// </summary>
    public static AuthorizationResponse Read(IEnumerable<KeyValuePair<string, string?>> query) => AuthorizationResponseReader.Read(query);
}
