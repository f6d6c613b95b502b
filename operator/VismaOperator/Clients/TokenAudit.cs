using Kubernetes.Client;
using OAuth;
using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>
/// One record for each token that a provider issued, and for each request that it refused, with an event id of its own. Says which secret
/// was used, never its value; the token is named by its own hash, which is not the fingerprint that status has of the whole Secret.
/// </summary>
/// <param name="log">Where the records go.</param>
/// <param name="find">Finds a connection, for the scopes that a person was asked for: an exchange names none. Null for nowhere.</param>
internal sealed partial class TokenAudit(ILogger log, Func<NamespacedName, VismaConnection?>? find = null)
{
    /// <summary>Category of the log.</summary>
    public const string Category = "Audit";

    private const string TenantField = "tenant_id";

    /// <summary>Notes what became of a request. Where nobody can tell whether a token was issued, that is noted, too.</summary>
    public void Note(NamespacedName connection, ResolvedClient client, Credential secret, TokenRequest request, TokenOutcome outcome)
    {
        if (!log.IsEnabled(LogLevel.Information))
        {
            return;
        }

        var key = $"{secret.Reference.Name}/{secret.Reference.Key}";
        var (tenant, asked) = (TenantOf(request), ScopesOf(connection, request));
        switch (outcome)
        {
            case TokenOutcome.Granted { Tokens: var tokens }:
                var scopes = tokens.GrantedScopes is { } granted ? string.Join(' ', granted) : asked;
                var hash = tokens.AccessToken.Fingerprint();
                Issued(connection, client.Name, key, request.GrantType, tenant, scopes, hash);
                break;
            case TokenOutcome.Refused refused:
                Refused(connection, client.Name, key, request.GrantType, tenant, asked, refused.Error);
                break;
            case TokenOutcome.Unavailable { MayHaveBeenProcessed: true, StatusCode: null } or TokenOutcome.Malformed:
                Unknown(connection, client.Name, key, request.GrantType, tenant, asked);
                break;
        }
    }

    private string ScopesOf(NamespacedName connection, TokenRequest request) =>
        string.Join(
            ' ',
            request is TokenRequest.ClientCredentialsGrant grant ? grant.Scopes : find?.Invoke(connection)?.Spec.RequestedScopes() ?? []
        );

    private static string? TenantOf(TokenRequest request) =>
        request switch
        {
            TokenRequest.ClientCredentialsGrant grant => grant.ExtraParameters,
            TokenRequest.AuthorizationCodeGrant grant => grant.ExtraParameters,
            TokenRequest.RefreshTokenGrant grant => grant.ExtraParameters,
            _ => null,
        } is { } fields ? fields.GetValueOrDefault(TenantField) : null;

    [LoggerMessage(
        EventId = 7001,
        EventName = "TokenIssued",
        Level = LogLevel.Information,
        Message = "Token issued for VismaConnection {Connection} by OAuthClient {Client} with secret {Secret}: grant {Grant}, "
            + "tenant {Tenant}, scopes \"{Scopes}\", token sha256 {TokenHash}"
    )]
    private partial void Issued(
        NamespacedName connection, NamespacedName client, string secret, string grant, string? tenant, string scopes, string tokenHash);

    [LoggerMessage(
        EventId = 7002,
        EventName = "TokenRefused",
        Level = LogLevel.Information,
        Message = "Token refused for VismaConnection {Connection} by OAuthClient {Client} with secret {Secret}: grant {Grant}, "
            + "tenant {Tenant}, scopes \"{Scopes}\", outcome {Outcome}"
    )]
    private partial void Refused(
        NamespacedName connection, NamespacedName client, string secret, string grant, string? tenant, string scopes, string outcome);

    [LoggerMessage(
        EventId = 7003,
        EventName = "TokenOutcomeUnknown",
        Level = LogLevel.Information,
        Message = "Token requested for VismaConnection {Connection} by OAuthClient {Client} with secret {Secret}, and it is not known "
            + "whether one was issued: grant {Grant}, tenant {Tenant}, scopes \"{Scopes}\""
    )]
    private partial void Unknown(
        NamespacedName connection, NamespacedName client, string secret, string grant, string? tenant, string scopes);
}
