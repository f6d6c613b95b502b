namespace OAuth;

/// <summary>Asks authorization servers to revoke refresh tokens (RFC 7009).</summary>
public interface IRevocationEndpoint
{
    /// <summary>Sends one revocation request for a refresh token, at most once, and says how it ended.</summary>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> is cancelled; the token may have been
    /// revoked.</exception>
    /// <exception cref="ArgumentException">The client id is blank.</exception>
    Task<RevocationOutcome> RevokeAsync(Uri endpoint, ClientCredentials client, Sensitive token, CancellationToken cancellationToken);
}
