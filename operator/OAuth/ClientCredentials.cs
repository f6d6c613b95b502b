namespace OAuth;

/// <summary>A client as the authorization server knows it.</summary>
/// <param name="ClientId">The client identifier; not secret.</param>
/// <param name="ClientSecret">The secret that is tried.</param>
/// <param name="Method">Where id and secret are put.</param>
public sealed record ClientCredentials(string ClientId, Sensitive ClientSecret, ClientAuthenticationMethod Method);
