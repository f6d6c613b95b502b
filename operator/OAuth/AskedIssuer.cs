namespace OAuth;

/// <summary>
/// The issuer that a browser was sent to. An answer that comes back belongs to it, or is not taken (RFC 9207 section 2.4).
/// </summary>
/// <param name="Issuer">Its identifier, as it was asked.</param>
/// <param name="Iss">What it promised when the browser was sent: what cannot be asked any more when the answer comes is no excuse for the
/// answer.</param>
public sealed record AskedIssuer(string Issuer, IssParameter Iss)
{
    /// <summary>Why an answer is not this issuer's, in half a sentence about it; null when it may be.</summary>
    /// <param name="named">The answer's <c>iss</c> parameter; null when it has none.</param>
    public string? ProblemWith(string? named) =>
        named is null ? Iss == IssParameter.Promised ? "it does not name its issuer, which this provider promises (iss is missing)" : null
        : named != Issuer ? "it comes from another issuer (iss differs)"
        : null;
}

/// <summary>Whether a provider promises to name itself in every authorization response (RFC 9207 section 3).</summary>
public enum IssParameter
{
    /// <summary>It does, so an answer without its name is not its own.</summary>
    Promised,

    /// <summary>It does not, as far as is known.</summary>
    NotPromised,
}
