namespace OAuth;

/// <summary>
/// The token endpoint over HTTP. Every request passes the <see cref="IssuerGate"/>, is sent at most once, and its answer is
/// judged by <see cref="TokenAnswer"/>.
/// </summary>
public sealed class TokenEndpoint(HttpClient http, IssuerGate gate, TimeProvider time, TokenEndpointOptions options) : ITokenEndpoint
{
    private readonly WireExchange exchange = new(http, time, options.Timeout, options.MaxAnswerBytes);

    /// <summary>An endpoint with the default limits. <paramref name="http"/> is a client of <see cref="OAuthHttp"/>.</summary>
    public TokenEndpoint(HttpClient http, IssuerGate gate, TimeProvider time)
        : this(http, gate, time, new TokenEndpointOptions())
    {
    }

    /// <inheritdoc/>
    public async Task<TokenOutcome> RequestAsync(
        Uri endpoint, ClientCredentials client, TokenRequest request, CancellationToken cancellationToken)
    {
        using var message = TokenRequestMessage.Write(endpoint, client, request);
        return await gate.RunAsync(endpoint, token => SendAsync(message, SpentIn(message, client), token), cancellationToken);
    }

    private async Task<TokenOutcome> SendAsync(HttpRequestMessage message, SpentCredentials spent, CancellationToken cancellationToken) =>
        await exchange.SendAsync(message, cancellationToken) switch
        {
            WireResult.Answer answer => TokenAnswer.Judge(answer, spent),
            WireResult.TooLarge large => new TokenOutcome.Malformed($"the answer of the token endpoint is larger than {large.Limit / 1024} KiB"),
            WireResult.Failed failed => new TokenOutcome.Unavailable($"token endpoint: {failed.Cause}", null, failed.MayHaveArrived),
            _ => throw new InvalidOperationException("a wire result without a meaning"),
        };

    /// <summary>The secret itself, and the pair of the Basic header, which a gateway may quote as it stands.</summary>
    private static SpentCredentials SpentIn(HttpRequestMessage message, ClientCredentials client)
    {
        var spent = new SpentCredentials(client.ClientSecret);
        if (message.Headers.Authorization?.Parameter is { } pair)
        {
            spent.Add(pair);
        }

        return spent;
    }
}
