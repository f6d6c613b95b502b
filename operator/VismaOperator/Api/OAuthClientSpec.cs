using System.Text.Json.Serialization;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>What the user declares of an application.</summary>
public sealed record OAuthClientSpec
{
    /// <summary>Visma Connect in production.</summary>
    public const string DefaultIssuer = "https://connect.visma.com";

    /// <summary>What follows the operator's public URL where no <see cref="RedirectUri"/> is declared.</summary>
    public const string DefaultRedirectPath = "/oauth2/callback";

    /// <summary>Issuer URL of the provider. Its discovery document names the endpoints.</summary>
    public string Issuer { get => field ?? DefaultIssuer; init; }

    /// <summary>Endpoints that replace those of the discovery document; null when none is replaced.</summary>
    public EndpointsSpec? Endpoints { get; init; }

    /// <summary>The client id. Exactly one of this and <see cref="ClientIdFrom"/> is set.</summary>
    [JsonPropertyName("clientID")]
    public string? ClientId { get; init; }

    /// <summary>Where the client id is read from.</summary>
    [JsonPropertyName("clientIDFrom")]
    public ClientIdSource? ClientIdFrom { get; init; }

    /// <summary>How the client proves its identity to the token endpoint (RFC 6749 section 2.3.1).</summary>
    public AuthenticationMethod AuthenticationMethod { get; init; }

    /// <summary>The secrets in order of preference; at least one.</summary>
    public required IReadOnlyList<ClientSecretSpec> ClientSecrets { get; init; }

    /// <summary>
    /// Where the provider sends the browser back to after a consent (RFC 6749 section 3.1.2), as registered with the provider; null: the
    /// operator's public URL followed by <see cref="DefaultRedirectPath"/>.
    /// </summary>
    [JsonPropertyName("redirectURI")]
    public string? RedirectUri { get; init; }

    /// <summary>From which namespaces connections may use this client.</summary>
    public AllowedNamespaces AllowedNamespaces { get => field ?? new(); init; }

    /// <summary>Which tenants this client serves to whom; null when that is not limited.</summary>
    public IReadOnlyList<TenantRule>? Tenants { get; init; }
}

/// <summary>Endpoints that replace those of the discovery document.</summary>
public sealed record EndpointsSpec
{
    /// <summary>URL of the token endpoint (RFC 6749 section 3.2). With it, client credentials need no discovery.</summary>
    public string? Token { get; init; }

    /// <summary>URL of the authorization endpoint (RFC 6749 section 3.1), which a person's browser is sent to for a consent.</summary>
    public string? Authorization { get; init; }

    /// <summary>URL of the revocation endpoint (RFC 7009).</summary>
    public string? Revocation { get; init; }
}

/// <summary>Where a client id is read from.</summary>
public sealed record ClientIdSource
{
    /// <summary>The Secret and key that hold the client id.</summary>
    public required SecretKeyReference SecretKeyRef { get; init; }
}

/// <summary>One secret of the application.</summary>
public sealed record ClientSecretSpec
{
    /// <summary>The Secret and key that hold it.</summary>
    public required SecretKeyReference SecretKeyRef { get; init; }

    /// <summary>The expiry chosen in the developer portal; null when none was stated. No token answer contains it.</summary>
    public DateTimeOffset? ExpirationTime { get; init; }
}

/// <summary>One key of a Secret in the namespace of the client.</summary>
public sealed record SecretKeyReference
{
    /// <summary>Name of the Secret.</summary>
    public required string Name { get; init; }

    /// <summary>Key in its data.</summary>
    public required string Key { get; init; }
}

/// <summary>A tenant that the client serves, optionally only to some namespaces and only some scopes.</summary>
public sealed record TenantRule
{
    /// <summary>The tenant's GUID.</summary>
    [JsonPropertyName("tenantID")]
    public required string TenantId { get; init; }

    /// <summary>Namespaces that may ask for it; empty: any that is otherwise allowed.</summary>
    public IReadOnlyList<string> Namespaces { get => field ?? []; init; }

    /// <summary>Scopes that may be asked for; empty: any.</summary>
    public IReadOnlyList<string> Scopes { get => field ?? []; init; }

    /// <summary>
    /// True when the rule has the connection's tenant, its namespace and all of its scopes. For a connection that asks for all scopes,
    /// this is known only after the grant.
    /// </summary>
    /// <remarks>
    /// <c>offline_access</c> reaches no data, and a consent asks for it whether it was written or not, so that it needs no entry.
    /// </remarks>
    public bool Serves(VismaConnection connection)
    {
        var namespaceName = connection.Metadata.Namespace ?? string.Empty;
        return connection.Spec.AllScopes
            ? IsFor(namespaceName, connection.Spec.TenantId)
            : Serves(namespaceName, connection.Spec.TenantId, connection.Spec.Scopes);
    }

    /// <summary>True when the rule covers this tenant in this namespace, with any scopes.</summary>
    internal bool IsFor(string namespaceName, string? tenantId) =>
        string.Equals(TenantId, tenantId, StringComparison.OrdinalIgnoreCase)
        && (Namespaces.Count == 0 || Namespaces.Contains(namespaceName));

    /// <summary>The same of what a grant was given for.</summary>
    /// <param name="namespaceName">The namespace.</param>
    /// <param name="tenantId">The tenant; null or empty when none was asked for.</param>
    /// <param name="scopes">The scopes that were asked for; none when all were.</param>
    internal bool Serves(string namespaceName, string? tenantId, IReadOnlyList<string> scopes) =>
        IsFor(namespaceName, tenantId)
        && (Scopes.Count == 0 || (scopes.Count > 0 && scopes.Except([VismaConnectionSpec.OfflineAccess]).All(Scopes.Contains)));
}

/// <summary>How a client proves its identity to the token endpoint (RFC 6749 section 2.3.1).</summary>
[JsonConverter(typeof(AuthenticationMethodConverter))]
public enum AuthenticationMethod
{
    /// <summary>Id and secret in the form, as Visma documents it.</summary>
    ClientSecretPost,

    /// <summary>Id and secret, URL-encoded, in an HTTP Basic header.</summary>
    ClientSecretBasic,

    /// <summary>A name that this version of the operator does not know.</summary>
    Unrecognized,
}

internal sealed class AuthenticationMethodConverter() : NamedEnumConverter<AuthenticationMethod>(
    AuthenticationMethod.Unrecognized,
    (AuthenticationMethod.ClientSecretPost, "client_secret_post"),
    (AuthenticationMethod.ClientSecretBasic, "client_secret_basic"));
