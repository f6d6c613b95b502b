using System.Collections.Concurrent;
using Kubernetes.Client;
using Lifecycle;

namespace VismaOperator.OAuthClients;

/// <summary>
/// Remembers which secret of a client works, so that hundreds of connections do not each find out. <c>invalid_client</c>
/// does not tell a wrong secret from an expired one, so the only way to know is to try, and every try counts at the
/// provider: the order is walked when it changes, on the first refusal, and otherwise at most hourly.
/// <para>
/// It lives in memory on purpose. What must survive a restart, the secret that worked last or the refusal of all of them, is in the client's
/// status, and is where a page begins.
/// </para>
/// </summary>
internal sealed class CredentialBook(TimeProvider time)
{
    private static readonly TimeSpan walkAgainAfter = TimeSpan.FromHours(1);
    private readonly ConcurrentDictionary<NamespacedName, Page> pages = new();

    /// <summary>Tells that what is known of a client changed. Raised outside of any lock.</summary>
    public event Action<NamespacedName>? Changed;

    /// <summary>What is known of a client's secrets in their present revision.</summary>
    public CredentialStanding StandingOf(UsableClient client)
    {
        var page = PageOf(client);
        lock (page)
        {
            return new CredentialStanding(page.Working, page.RetryAt, page.Refusals, page.Verdicts);
        }
    }

    /// <summary>Which secrets to try, best first.</summary>
    public IReadOnlyList<Credential> OrderToTry(UsableClient client)
    {
        var page = PageOf(client);
        lock (page)
        {
            var now = time.GetUtcNow();
            var ordered = client.Credentials
                .OrderByDescending(credential => credential.Reference == page.Working)
                .ThenBy(credential => credential.ExpirationTime <= now)
                .ToList();
            var mayWalk = page.WalkAgainAt is null || page.WalkAgainAt <= now;
            return mayWalk ? ordered : ordered[..1];
        }
    }

    /// <summary>
    /// Waits for the right to try secrets of which none is known to work, or not any more, so that one connection tries and the others
    /// learn from it.
    /// </summary>
    /// <param name="client">The client.</param>
    /// <param name="seen">What was known before; whatever was found out since then counts.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<CredentialProof> EnterProofAsync(UsableClient client, CredentialStanding seen, CancellationToken cancellationToken)
    {
        if (OpenPageOf(client) is not { } page)
        {
            // The secrets were changed meanwhile: there is nothing left to find out about those of before.
            return new CredentialProof(held: null) { WasRefusedMeanwhile = true };
        }

        await page.Proof.WaitAsync(cancellationToken);
        lock (page)
        {
            var isNews = page.Verdicts != seen.Verdicts;
            return new CredentialProof(page.Proof) { IsWorkingKnown = isNews && page.Working is not null, WasRefusedMeanwhile = isNews && page.Working is null };
        }
    }

    /// <summary>The provider accepted this secret.</summary>
    public void Accepted(UsableClient client, Credential credential)
    {
        if (OpenPageOf(client) is not { } page)
        {
            return;
        }

        bool isNews;
        lock (page)
        {
            isNews = page.Working != credential.Reference || page.RetryAt is not null;
            page.Verdicts += isNews ? 1 : 0;
            page.Working = credential.Reference;
            page.Refusals = 0;
            page.RetryAt = null;
            page.WalkAgainAt = null;
        }

        Tell(isNews, client.Name);
    }

    /// <summary>The provider refused every secret that was tried. Others wait until <see cref="CredentialStanding.RetryAt"/>.</summary>
    /// <param name="client">The client.</param>
    /// <param name="tried">The secrets that were refused.</param>
    /// <param name="seen">
    /// What was known before they were sent. Requests that are under way together are refused together: the first one tells, and counted once for each
    /// of them, one refusal would be a row of them that nobody tries again for an hour.
    /// </param>
    public void AllRefused(UsableClient client, IReadOnlyCollection<Credential> tried, CredentialStanding seen)
    {
        if (OpenPageOf(client) is not { } page)
        {
            return;
        }

        lock (page)
        {
            if (page.Verdicts != seen.Verdicts)
            {
                return;
            }

            var now = time.GetUtcNow();
            page.Verdicts++;
            page.Working = null;
            page.Refusals++;
            page.RetryAt = WholeSeconds.Ceiling(now + FailureBackoff.Delay(FailureKind.NeedsPerson, page.Refusals, roll: 0, retryAfter: null));
            page.WalkAgainAt = tried.Count == client.Credentials.Count ? now + walkAgainAfter : page.WalkAgainAt;
        }

        Tell(isNews: true, client.Name);
    }

    /// <summary>The client is gone.</summary>
    public void Forget(NamespacedName client) => pages.TryRemove(client, out _);

    private void Tell(bool isNews, NamespacedName client)
    {
        if (isNews)
        {
            Changed?.Invoke(client);
        }
    }

    // Another revision is another page: what was known of the old secrets says nothing about the new ones.
    private Page PageOf(UsableClient client)
    {
        var revision = client.Revision;
        return pages.AddOrUpdate(
            client.Name,
            _ => NewPage(client, client.RecordedActive),
            (_, page) => page.Revision == revision ? page : NewPage(client, page.Working));
    }

    private static Page NewPage(UsableClient client, SecretKeyReference? working) =>
        client.RecordedRefusal is { RetryTime: { } retryAt } refusal && refusal.Revision == client.Revision
            ? new Page(client.Revision) { Refusals = refusal.Attempts, RetryAt = retryAt }
            : new Page(client.Revision) { Working = StillListed(client, working) };

    // An answer may come after the client changed or went: it says nothing about the secrets of now, and brings no page back.
    private Page? OpenPageOf(UsableClient client) =>
        pages.TryGetValue(client.Name, out var page) && page.Revision == client.Revision ? page : null;

    private static SecretKeyReference? StillListed(UsableClient client, SecretKeyReference? reference) =>
        client.Credentials.Any(credential => credential.Reference == reference) ? reference : null;

    private sealed class Page(string revision)
    {
        public string Revision { get; } = revision;

        // Never disposed: a SemaphoreSlim without a wait handle holds nothing that the collector would not take.
        public SemaphoreSlim Proof { get; } = new(1, 1);

        public SecretKeyReference? Working { get; set; }

        public int Refusals { get; set; }

        public int Verdicts { get; set; }

        public DateTimeOffset? RetryAt { get; set; }

        public DateTimeOffset? WalkAgainAt { get; set; }
    }
}

/// <summary>The right to try secrets of which none is known to work; dispose it to pass the right on.</summary>
internal sealed class CredentialProof(SemaphoreSlim? held) : IDisposable
{
    private SemaphoreSlim? held = held;

    /// <summary>Another connection found a working secret while this one waited.</summary>
    public bool IsWorkingKnown { get; init; }

    /// <summary>Another connection was refused with every secret while this one waited.</summary>
    public bool WasRefusedMeanwhile { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref held, null)?.Release();
}

/// <summary>What is known of a client's secrets.</summary>
/// <param name="Working">The one that the provider accepted last; null when none is known to work.</param>
/// <param name="RetryAt">When all were refused: the earliest time to try again; else null.</param>
/// <param name="Refusals">How often in a row all were refused.</param>
/// <param name="Verdicts">How often something was found out; what was found out before is told from what came after by it.</param>
internal sealed record CredentialStanding(SecretKeyReference? Working, DateTimeOffset? RetryAt, int Refusals, int Verdicts);
