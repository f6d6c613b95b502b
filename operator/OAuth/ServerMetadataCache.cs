using System.Collections.Concurrent;

namespace OAuth;

/// <summary>
/// Remembers metadata per issuer. One look at a time serves all who wait for it; a document past its time is served on while
/// renewing it fails, since yesterday's endpoints are a better guess than none.
/// </summary>
public sealed class ServerMetadataCache(IServerMetadataEndpoint source, TimeProvider time, ServerMetadataOptions options)
    : IServerMetadataEndpoint
{
    private readonly ConcurrentDictionary<string, Entry> entries = new();

    /// <inheritdoc/>
    public Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken) =>
        entries.GetOrAdd(issuer.OriginalString, _ => new Entry(issuer, source, time, options)).GetAsync(cancellationToken);

    /// <summary>
    /// One issuer. The look itself has no caller's token: it serves all callers that still wait, and its own deadline ends it.
    /// </summary>
    private sealed class Entry(Uri issuer, IServerMetadataEndpoint source, TimeProvider time, ServerMetadataOptions options)
    {
        private readonly Lock gate = new();
        private Task<MetadataOutcome>? look;
        private MetadataOutcome? outcome;
        private Moment? nextLook;

        public Task<MetadataOutcome> GetAsync(CancellationToken cancellationToken)
        {
            lock (gate)
            {
                if (look is null && outcome is not null && nextLook is { HasCome: false })
                {
                    return Task.FromResult(outcome);
                }

                look ??= LookAsync();
                return look.WaitAsync(cancellationToken);
            }
        }

        private async Task<MetadataOutcome> LookAsync()
        {
            await Task.Yield(); // nothing of the look may run under the lock
            try
            {
                return Keep(await source.GetAsync(issuer, CancellationToken.None));
            }
            finally
            {
                EndLook();
            }
        }

        // A method of its own: a lock statement in the finally block of an async method was seen to stay taken in optimized builds.
        private void EndLook()
        {
            lock (gate)
            {
                look = null;
            }
        }

        private MetadataOutcome Keep(MetadataOutcome latest)
        {
            lock (gate)
            {
                outcome = latest is not MetadataOutcome.Found && outcome is MetadataOutcome.Found stale ? stale : latest;
                nextLook = new Moment(time.GetUtcNow() + Patience(latest), time);
                return outcome;
            }
        }

        private TimeSpan Patience(MetadataOutcome latest) => latest switch
        {
            MetadataOutcome.Found => options.FreshFor,
            MetadataOutcome.Unavailable { RetryAfter: { } wait } => wait,
            _ when outcome is MetadataOutcome.Found => options.RetryStaleAfter,
            _ => options.RetryMissingAfter,
        };
    }
}

/// <summary>Limits and lifetimes of server metadata.</summary>
public sealed record ServerMetadataOptions
{
    /// <summary>
    /// Time for one of the two documents. The default is 4 s, so that both are answered, or not, within 8 s.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Largest document read, in bytes. The default is 256 KiB: Visma's, with its hundreds of scopes, has less than 16.</summary>
    public int MaxDocumentBytes { get; init; } = 256 * 1024;

    /// <summary>How long a document is good without another look. The default is 24 h: endpoints move once in years.</summary>
    public TimeSpan FreshFor { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long an old document is served before the next try to renew it. The default is 1 min.</summary>
    public TimeSpan RetryStaleAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a failure is repeated without another look, where there is no document at all. The default is 2 s, so that a thousand
    /// connections do not ask one by one.
    /// </summary>
    public TimeSpan RetryMissingAfter { get; init; } = TimeSpan.FromSeconds(2);
}
