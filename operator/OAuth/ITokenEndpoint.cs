namespace OAuth;

/// <summary>Asks authorization servers for tokens.</summary>
public interface ITokenEndpoint
{
    /// <summary>Sends one token request, at most once, and says how it ended.</summary>
    /// <exception cref="OperationCanceledException">
    /// Only when <paramref name="cancellationToken"/> is cancelled after the request began to leave, so it may have been processed.
    /// Cancelled before, while it waits for its turn or for a connection, the outcome is Unavailable with <c>MayHaveBeenProcessed</c>
    /// false: a one-time credential in it is not spent.
    /// </exception>
    /// <exception cref="ArgumentException">The request cannot be written down, for example an extra parameter named as a protocol
    /// field.</exception>
    Task<TokenOutcome> RequestAsync(Uri endpoint, ClientCredentials client, TokenRequest request, CancellationToken cancellationToken);
}
