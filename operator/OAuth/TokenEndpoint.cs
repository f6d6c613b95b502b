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
        using var message = ClientRequestMessage.Write(endpoint, client, TokenRequestForm.Of(request));
        var spent = ClientRequestMessage.SpentIn(message, client);
        TokenRequestForm.AddSpent(request, spent);
        try
        {
            return await gate.RunAsync(
                endpoint,
                request.NeededBy,
                token =>
                {
                    request.TurnCame?.Invoke();
                    return SendAsync(message, spent, token);
                },
                cancellationToken);
        }
        catch (OperationCanceledException) when (message.Content is WitnessedContent { Begun: false })
        {
            return new TokenOutcome.Unavailable("given up before the request was sent", null, MayHaveBeenProcessed: false);
        }
    }

    private async Task<TokenOutcome> SendAsync(HttpRequestMessage message, SpentCredentials spent, CancellationToken cancellationToken) =>
        await exchange.SendAsync(message, cancellationToken) switch
        {
            WireResult.Answer answer => TokenAnswer.Judge(answer, spent) with { Clock = answer.Clock },
            WireResult.TooLarge large => new TokenOutcome.Malformed(
                $"the answer of the token endpoint is larger than {large.Limit / 1024} KiB"
            ),
            WireResult.Failed failed => new TokenOutcome.Unavailable($"token endpoint: {failed.Cause}", null, failed.MayHaveArrived),
            _ => throw new InvalidOperationException("a wire result without a meaning"),
        };
}
