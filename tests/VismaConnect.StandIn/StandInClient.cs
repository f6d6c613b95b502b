namespace VismaConnect.StandIn;

/// <summary>An application of the developer portal.</summary>
/// <param name="ClientId">Its client id, at most 100 characters.</param>
public sealed record StandInClient(string ClientId)
{
    /// <summary>Several may be valid at once, as in Duende's <c>Client.ClientSecrets</c>.</summary>
    public IReadOnlyList<StandInSecret> Secrets { get; init; } = [];

    /// <summary>What may be asked for, and what is granted when no scope is sent.</summary>
    public IReadOnlyList<string> AllowedScopes { get; init; } = ErpScopes.Service;

    /// <summary>Grants that the portal enabled.</summary>
    public IReadOnlyList<string> AllowedGrants { get; init; } = ["client_credentials"];

    /// <summary>A disabled client is answered like an unknown one.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Lifetime of its access tokens; null for the server's.</summary>
    public TimeSpan? AccessTokenLifetime { get; init; }
}
