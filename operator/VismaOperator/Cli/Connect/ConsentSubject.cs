using VismaOperator.Api;

namespace VismaOperator.Cli.Connect;

/// <summary>What a consent is asked for.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="Client">Its client.</param>
/// <param name="ClientId">The client's id.</param>
/// <param name="Doubt">What the operator says would stand in the way of the code, as one sentence; null when nothing does.</param>
internal sealed record ConsentSubject(VismaConnection Connection, OAuthClient Client, string ClientId, string? Doubt)
{
    /// <summary>Issuer of the provider.</summary>
    public Uri Issuer => new(Client.Spec.Issuer);

    /// <summary>Authorization endpoint that replaces the discovered one; null when none does.</summary>
    public Uri? DeclaredEndpoint => Client.Spec.Endpoints?.Authorization is { Length: > 0 } url ? new Uri(url) : null;
}
