using System.Collections.Concurrent;

namespace OAuth;

/// <summary>
/// Remembers metadata per issuer. One look at a time serves all who wait for it. An expired document is used while its
/// renewal fails, since yesterday's endpoints are a better guess than none.
/// </summary>
public sealed class ServerMetadataCache(IServerMetadataEndpoint source, TimeProvider time)
    : IServerMetadataEndpoint
{
    // Endpoints move once in years.
    private static readonly TimeSpan freshFor = TimeSpan.FromHours(24);

    private static readonly TimeSpan retryStaleAfter = TimeSpan.FromMinutes(1);

    // Where there is no document at all: short, and long enough that a thousand connections do not ask one by one.
    private static readonly TimeSpan retryMissingAfter = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Entry> entries = new();

    /// <inheritdoc/>
    public Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken) =>
        entries.GetOrAdd(issuer.OriginalString, _ => new Entry(issuer, source, time)).GetAsync(cancellationToken);

    /// <summary>
    /// One issuer. The look itself has no caller's token: it serves all callers that still wait, and its own deadline ends it.
    /// </summary>
    private sealed class Entry(Uri issuer, IServerMetadataEndpoint source, TimeProvider time)
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
            MetadataOutcome.Found => freshFor,
            MetadataOutcome.Unavailable { RetryAfter: { } wait } => wait,
            _ when outcome is MetadataOutcome.Found => retryStaleAfter,
            _ => retryMissingAfter,
        };
    }
}
