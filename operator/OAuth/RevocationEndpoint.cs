using Duende.IdentityModel.Client;

namespace OAuth;

/// <summary>
/// The revocation endpoint over HTTP. Every request passes the <see cref="IssuerGate"/>, shares its slots with token requests, and is sent
/// at most once.
/// </summary>
/// <param name="http">A client of <see cref="OAuthHttp"/>.</param>
/// <param name="gate">The process's gate.</param>
/// <param name="time">The clock of the deadline and of dates in headers.</param>
public sealed class RevocationEndpoint(HttpClient http, IssuerGate gate, TimeProvider time) : IRevocationEndpoint
{
    private readonly WireExchange exchange = new(http, time, TokenEndpoint.Timeout, TokenEndpoint.MaxAnswerBytes);

    /// <inheritdoc/>
    public async Task<RevocationOutcome> RevokeAsync(
        Uri endpoint, ClientCredentials client, Sensitive token, CancellationToken cancellationToken)
    {
        var form = new Parameters { { "token", token.Reveal() }, { "token_type_hint", "refresh_token" } };
        using var message = ClientRequestMessage.Write(endpoint, client, form);
        var spent = ClientRequestMessage.SpentIn(message, client);
        spent.Add(token.Reveal());

        // Nobody waits for it: renewals that are needed sooner than this takes go first.
        var neededBy = time.GetUtcNow() + TokenEndpoint.Timeout;
        return await gate.LaneTo(endpoint).RunAsync(
            neededBy,
            async stop => Judge(await exchange.SendAsync(message, stop), spent),
            cancellationToken);
    }

    private static RevocationOutcome Judge(WireResult result, SpentCredentials spent) =>
        result switch
        {
            WireResult.Answer answer => RevocationAnswer.Judge(answer, spent),
            WireResult.TooLarge large => RevocationAnswer.JudgeStatus(large.Status, retryAfter: null),
            WireResult.Failed failed => new RevocationOutcome.Unavailable($"revocation endpoint: {failed.Cause}"),
            _ => throw new InvalidOperationException("a wire result without a meaning"),
        };
}

/// <summary>Asks authorization servers to revoke refresh tokens (RFC 7009).</summary>
public interface IRevocationEndpoint
{
    /// <summary>Sends one revocation request for a refresh token, at most once, and says how it ended.</summary>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> is cancelled; the token may have been
    /// revoked.</exception>
    /// <exception cref="ArgumentException">The client id is blank.</exception>
    Task<RevocationOutcome> RevokeAsync(Uri endpoint, ClientCredentials client, Sensitive token, CancellationToken cancellationToken);
}
