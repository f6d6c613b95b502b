namespace VismaOperator.Api;

/// <summary>The keys that every token Secret has. A template may refer to them as <c>${key}</c>.</summary>
public static class StandardKeys
{
    /// <summary>The access token itself.</summary>
    public const string AccessToken = "access_token";

    /// <summary>The token type, normally <c>Bearer</c>.</summary>
    public const string TokenType = "token_type";

    /// <summary>A ready value for the <c>Authorization</c> header.</summary>
    public const string Authorization = "authorization";

    /// <summary>When the token expires (RFC 3339, UTC).</summary>
    public const string ExpiresAt = "expires_at";

    /// <summary>Granted scopes, separated by spaces.</summary>
    public const string Scope = "scope";

    /// <summary>The tenant that the token is for; empty when none was asked for.</summary>
    public const string TenantId = "tenant_id";

    /// <summary>Version of the Visma ERP API, <c>v1</c> or <c>v2</c>.</summary>
    public const string ApiVersion = "api_version";

    /// <summary>Base URL of the API that the token is for.</summary>
    public const string BaseUrl = "base_url";

    /// <summary>All of them, in the order of the documentation.</summary>
    public static IReadOnlyList<string> All { get; } =
        [AccessToken, TokenType, Authorization, ExpiresAt, Scope, TenantId, ApiVersion, BaseUrl];
}
