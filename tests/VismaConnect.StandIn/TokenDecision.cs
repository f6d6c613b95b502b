namespace VismaConnect.StandIn;

/// <summary>The verdict on a token request.</summary>
internal abstract record TokenDecision
{
    private TokenDecision()
    {
    }

    /// <summary>What it did to a grant; null for client credentials and where no grant was found.</summary>
    public GrantTrace? Trace { get; init; }

    public sealed record Grant(StandInClient Client, IReadOnlyList<string> Scopes, string? TenantId) : TokenDecision
    {
        /// <summary>What a person consented to; null for client credentials.</summary>
        public GrantTerms? Terms { get; init; }

        public RefreshTokenState? RefreshToken { get; init; }
    }

    public sealed record Refuse(StandInError Error) : TokenDecision;
}
