namespace OAuth;

/// <summary>
/// The token endpoint over HTTP. Every request passes the <see cref="IssuerGate"/>, is sent at most once, and its answer is
/// judged by <see cref="TokenAnswer"/>.
/// </summary>
/// <param name="http">A client of <see cref="OAuthHttp"/>.</param>
/// <param name="gate">The process's gate.</param>
/// <param name="time">The clock of the deadline and of dates in headers.</param>
public sealed class TokenEndpoint(HttpClient http, IssuerGate gate, TimeProvider time) : ITokenEndpoint
{
    /// <summary>
    /// From the first DNS packet to the last byte of the answer: ten times a slow answer. A caller's own deadline must be longer, or the
    /// circuit breaker never learns of a server that hangs.
    /// </summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    /// <summary>Largest answer read, in bytes: a token with hundreds of scopes has less than 8 KiB.</summary>
    internal const int MaxAnswerBytes = 64 * 1024;

    private readonly WireExchange exchange = new(http, time, Timeout, MaxAnswerBytes);

    /// <inheritdoc/>
    public async Task<TokenOutcome> RequestAsync(
        Uri endpoint, ClientCredentials client, TokenRequest request, CancellationToken cancellationToken)
    {
        using var message = ClientRequestMessage.Write(endpoint, client, TokenRequestForm.Of(request));
        var spent = ClientRequestMessage.SpentIn(message, client);
        TokenRequestForm.AddSpent(request, spent);
        var hadTurn = false;
        try
        {
            return await gate.LaneTo(endpoint).RunAsync(
                request.NeededBy,
                async stop =>
                {
                    request.TurnCame?.Invoke();
                    hadTurn = true;
                    return Judge(await exchange.SendAsync(message, stop), spent);
                },
                cancellationToken);
        }
        catch (OperationCanceledException) when (message.Content is WitnessedContent { Begun: false })
        {
            return new TokenOutcome.Unavailable("given up before the request was sent", null, MayHaveBeenProcessed: false)
            {
                HadTurn = hadTurn,
            };
        }
    }

    /// <inheritdoc/>
    public TimeSpan? ClosedFor(Uri endpoint) => gate.LaneTo(endpoint).State.ClosedFor;

    private static TokenOutcome Judge(WireResult result, SpentCredentials spent) =>
        result switch
        {
            WireResult.Answer answer => TokenAnswer.Judge(answer, spent) with { Clock = answer.Clock },
            WireResult.TooLarge large => new TokenOutcome.Malformed(
                $"the answer of the token endpoint is larger than {large.Limit / 1024} KiB"
            ),
            WireResult.Failed failed => new TokenOutcome.Unavailable($"token endpoint: {failed.Cause}", null, failed.MayHaveArrived),
            _ => throw new InvalidOperationException("a wire result without a meaning"),
        };
}

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

    /// <summary>For how long nothing is sent to the server of an endpoint; null while requests are let through.</summary>
    TimeSpan? ClosedFor(Uri endpoint) => null;
}
