using OAuth;
using VismaConnect.StandIn;

namespace VismaOperator.Tests.Crashes;

/// <summary>
/// One simulated process's way to the provider. It behaves as the real one does: sent at most once, and an answer that was cut is no
/// verdict.
/// </summary>
internal sealed class ReplicaEndpoints(Replica replica, World world) : ITokenEndpoint, IRevocationEndpoint, IServerMetadataEndpoint
{
    public async Task<TokenOutcome> RequestAsync(
        Uri endpoint,
        ClientCredentials client,
        TokenRequest request,
        CancellationToken cancellationToken
    )
    {
        var letter = new Letter(replica, client, request, world.Time.GetUtcNow());
        replica.About(letter);
        try
        {
            await replica.PointAsync($"before {request.GrantType}");
            request.TurnCame?.Invoke();
            return await SendAsync(letter, cancellationToken);
        }
        finally
        {
            letter.IsOver = true;
        }
    }

    public async Task<RevocationOutcome> RevokeAsync(
        Uri endpoint,
        ClientCredentials client,
        Sensitive token,
        CancellationToken cancellationToken
    )
    {
        await replica.PointAsync("before revocation");
        var held = world.StoredGrant();
        if (world.Provider.Revoke(client, token) is { RevokedFamily: true } trace)
        {
            world.Judge.Revoked(trace, held);
        }

        await replica.PointAsync("after revocation");
        return new RevocationOutcome.Revoked();
    }

    public Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The client declares its endpoints.");

    private static TokenOutcome.Unavailable Cut() => new("the connection was reset", null, MayHaveBeenProcessed: true);

    private async Task<TokenOutcome> SendAsync(Letter letter, CancellationToken cancellationToken)
    {
        var trouble = world.Provider.Next;
        world.Provider.Next = null;
        letter.SentAt = world.Time.GetUtcNow();
        switch (trouble)
        {
            case ProviderTrouble.Unavailable:
                return new TokenOutcome.Unavailable("answered 503", null, MayHaveBeenProcessed: true);
            case ProviderTrouble.CutBefore:
                return Cut();
            case ProviderTrouble.LateProcessing late:
                await ProcessLaterAsync(letter, late.By, cancellationToken);
                break;
            default:
                Process(letter);
                break;
        }

        await replica.PointAsync($"processed {letter.Request.GrantType}");
        if (trouble is ProviderTrouble.CutAfter)
        {
            return Cut();
        }

        if (trouble is ProviderTrouble.SlowAnswer slow)
        {
            await world.AfterAsync(slow.By).WaitAsync(cancellationToken);
            await replica.PointAsync($"answered {letter.Request.GrantType}");
        }

        world.Judge.Delivered(letter);
        replica.Received(letter);
        return letter.Outcome!;
    }

    private Task ProcessLaterAsync(Letter letter, TimeSpan by, CancellationToken cancellationToken)
    {
        var processed = new TaskCompletionSource();
        world.After(by, () =>
        {
            letter.IsLate = true;
            Process(letter);
            processed.TrySetResult();
        });
        return processed.Task.WaitAsync(cancellationToken);
    }

    private void Process(Letter letter)
    {
        var held = world.StoredGrant();
        (letter.Outcome, letter.Trace) = world.Provider.Process(letter.Client, letter.Request);
        replica.Processed(letter);
        world.Judge.Processed(letter, held);
    }
}

/// <summary>A token request on its way.</summary>
internal sealed class Letter(Replica from, ClientCredentials client, TokenRequest request, DateTimeOffset begunAt)
{
    public Replica From => from;

    public ClientCredentials Client => client;

    public TokenRequest Request => request;

    public DateTimeOffset SentAt { get; set; } = begunAt;

    /// <summary>Its sender no longer waits.</summary>
    public bool IsOver { get; set; }

    /// <summary>It was processed later than it was sent.</summary>
    public bool IsLate { get; set; }

    public TokenOutcome? Outcome { get; set; }

    public GrantTrace? Trace { get; set; }

    /// <summary>Hash of the refresh token that it presents; null for a code.</summary>
    public string? Presents { get; } =
        request is TokenRequest.RefreshTokenGrant refresh ? GrantTrace.HashOf(refresh.RefreshToken.Reveal()) : null;
}
