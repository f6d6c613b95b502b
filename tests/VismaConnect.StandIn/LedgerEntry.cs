namespace VismaConnect.StandIn;

/// <summary>One request and what came of it. Holds no secret.</summary>
/// <param name="Number">Counts from 1 in order of completion.</param>
/// <param name="Time">When it arrived.</param>
/// <param name="Endpoint">Which endpoint.</param>
/// <param name="Request">What it asked for; empty for documents.</param>
/// <param name="Outcome">
/// <c>granted</c>, <c>revoked</c>, an OAuth error code, a few words for pages and documents, or <c>fault: ...</c>; <c>granted, then cut</c>
/// when the answer was withheld.
/// </param>
public sealed record LedgerEntry(int Number, DateTimeOffset Time, StandInEndpoint Endpoint, AskedFor Request, string Outcome)
{
    /// <summary>Whether a token was issued, delivered or not.</summary>
    public bool IsGranted => Outcome.StartsWith("granted", StringComparison.Ordinal);

    /// <summary>What it did to a grant; null where it concerned none.</summary>
    public GrantTrace? Grant { get; init; }

    /// <summary>Headers of a trace (W3C Trace Context and Baggage) that came with it: a provider should see none.</summary>
    public IReadOnlyList<string> TraceHeaders { get; init; } = [];
}

/// <summary>The parts of a request that are not secret.</summary>
/// <param name="ClientId">As sent; null when absent.</param>
/// <param name="AuthenticationMethod"><c>client_secret_post</c>, <c>client_secret_basic</c> or null.</param>
/// <param name="GrantType">As sent; null when absent.</param>
/// <param name="TenantId">As sent; null when absent.</param>
/// <param name="Scopes">As sent; empty when absent.</param>
public sealed record AskedFor(
    string? ClientId, string? AuthenticationMethod, string? GrantType, string? TenantId, IReadOnlyList<string> Scopes)
{
    internal static AskedFor Nothing { get; } = new(null, null, null, null, []);
}

/// <summary>The endpoints that the ledger and the fault script distinguish.</summary>
public enum StandInEndpoint
{
    /// <summary>The token endpoint.</summary>
    Token,

    /// <summary>Both discovery documents.</summary>
    Metadata,

    /// <summary>The signing keys.</summary>
    Keys,

    /// <summary>The authorization endpoint, where a browser arrives.</summary>
    Authorize,

    /// <summary>The pages that a person sees on the way, and the sign-in.</summary>
    Pages,

    /// <summary>The person's answer on the consent page; approval issues the code.</summary>
    Consent,

    /// <summary>The revocation endpoint.</summary>
    Revocation,

    /// <summary>The ERP API.</summary>
    Api,
}
