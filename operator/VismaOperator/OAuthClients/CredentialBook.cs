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

    // Whoever changes a Secret without pause has the provider asked at most this often.
    private static readonly TimeSpan trialGap = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<NamespacedName, Page> pages = new();

    /// <summary>Tells that what is known of a client changed. Raised outside of any lock.</summary>
    public event Action<NamespacedName>? Changed;

    /// <summary>Tells that a secret was tried. Raised outside of any lock.</summary>
    public event Action<NamespacedName>? Tried;

    /// <summary>Tells which connection is to try a secret. Raised outside of any lock.</summary>
    public event Action<NamespacedName>? Appointed;

    /// <summary>What became of each secret of a client in its present value.</summary>
    public IReadOnlyList<ClientSecretStatus> TrialsOf(UsableClient client)
    {
        var page = PageOf(client);
        lock (page)
        {
            return page.Trials;
        }
    }

    /// <summary>
    /// Sees to it that a secret that was changed is tried by one connection, which stays the same while it can. Nothing is tried twice, and a connection whose request fails for another reason tries
    /// again when its own backoff says so.
    /// </summary>
    /// <param name="client">The client.</param>
    /// <param name="candidates">The connections that can, best first.</param>
    /// <returns>When to look again; null when nothing is due, or nobody can.</returns>
    public DateTimeOffset? Arrange(UsableClient client, IReadOnlyList<NamespacedName> candidates)
    {
        var page = PageOf(client);
        NamespacedName appointed;
        lock (page)
        {
            if (page.Trials.FirstDue(client) is null || candidates.Count == 0)
            {
                page.Appointed = null;
                return null;
            }

            if (page.NextTrial is { HasCome: false } next)
            {
                return next.Instant;
            }

            appointed = page.Appointed is { } same && candidates.Contains(same) ? same : candidates[0];
            page.Appointed = appointed;
        }

        Appointed?.Invoke(appointed);
        return time.GetUtcNow() + trialGap;
    }

    /// <summary>True when this connection is to try a secret that was changed.</summary>
    public bool IsAppointed(UsableClient client, NamespacedName connection)
    {
        var page = PageOf(client);
        lock (page)
        {
            return page.Appointed == connection && !page.IsTrialUnderWay && page.Trials.FirstDue(client) is not null;
        }
    }

    /// <summary>Takes the right to try a secret that was changed; null when none is due, or another request tries it already. Give it back by <see cref="ReleaseTrial"/>.</summary>
    public Credential? ClaimTrial(UsableClient client)
    {
        var page = PageOf(client);
        lock (page)
        {
            if (page.IsTrialUnderWay || page.Trials.FirstDue(client) is not { } due)
            {
                return null;
            }

            page.IsTrialUnderWay = true;
            page.NextTrial = new Moment(time.GetUtcNow() + trialGap, time);
            return due;
        }
    }

    /// <summary>The request of <see cref="ClaimTrial"/> is over, whatever came of it.</summary>
    public void ReleaseTrial(UsableClient client)
    {
        if (OpenPageOf(client) is { } page)
        {
            lock (page)
            {
                page.IsTrialUnderWay = false;
            }
        }
    }

    /// <summary>The provider refused this secret.</summary>
    public void Refused(UsableClient client, Credential credential) => Note(client, credential, SecretTrial.Refused);

    /// <summary>What is known of a client's secrets in their present revision.</summary>
    public CredentialStanding StandingOf(UsableClient client)
    {
        var page = PageOf(client);
        lock (page)
        {
            return new CredentialStanding(page.Working, page.Retry?.Instant, page.Refusals, page.Verdicts) { Description = page.Description };
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
                .ThenByDescending(credential => page.Trials.Find(credential.Reference) == SecretTrial.Due)
                .ThenBy(credential => credential.ExpirationTime <= now)
                .ToList();
            return page.NextWalk is { HasCome: false } ? ordered[..1] : ordered;
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
            // One that was tried because it was changed does not take the place of one that is listed before it and works.
            var working = page.Retry is null && IsPreferred(client, page, credential) ? page.Working! : credential.Reference;
            isNews = page.Working != working || page.Retry is not null;
            page.Verdicts += isNews ? 1 : 0;
            page.Working = working;
            page.Refusals = 0;
            page.Retry = null;
            page.NextWalk = null;
        }

        Note(client, credential, SecretTrial.Accepted);
        Tell(isNews, client.Name);
    }

    /// <summary>The provider refused every secret that was tried. Others wait until <see cref="CredentialStanding.RetryAt"/>.</summary>
    /// <param name="client">The client.</param>
    /// <param name="tried">The secrets that were refused.</param>
    /// <param name="seen">
    /// What was known before they were sent. Requests that are under way together are refused together: the first one tells, and counted once for each
    /// of them, one refusal would be a row of them that nobody tries again for an hour.
    /// </param>
    /// <param name="description">What the provider said; null when nothing.</param>
    public void AllRefused(UsableClient client, IReadOnlyCollection<Credential> tried, CredentialStanding seen, string? description)
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
            page.Description = description;
            page.Refusals++;
            page.Retry = new Moment(LatestRetry(page.Refusals, now), time);
            page.NextWalk = tried.Count == client.Credentials.Count ? new Moment(now + walkAgainAfter, time) : page.NextWalk;
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

    // The time is that of the first request with this outcome, so that a status is not written at each renewal.
    private void Note(UsableClient client, Credential credential, SecretTrial outcome)
    {
        if (OpenPageOf(client) is not { } page)
        {
            return;
        }

        lock (page)
        {
            if (page.Trials.Find(credential.Reference) == outcome)
            {
                return;
            }

            page.Trials = page.Trials.With(credential.Reference, outcome, WholeSeconds.Floor(time.GetUtcNow()));
        }

        Tried?.Invoke(client.Name);
    }

    private static DateTimeOffset LatestRetry(int refusals, DateTimeOffset now) =>
        WholeSeconds.Ceiling(now + FailureBackoff.Delay(FailureKind.NeedsPerson, refusals, roll: 0, retryAfter: null));

    private static bool IsPreferred(UsableClient client, Page page, Credential accepted)
    {
        var order = client.Credentials.Select(credential => credential.Reference).ToList();
        return page.Working is { } working
            && order.IndexOf(working) is >= 0 and var place
            && place < order.IndexOf(accepted.Reference)
            && page.Trials.Find(working) == SecretTrial.Accepted;
    }

    // Another revision is another page: what was known of the old secrets says nothing about the new ones.
    private Page PageOf(UsableClient client)
    {
        var revision = client.Revision;
        return pages.AddOrUpdate(
            client.Name,
            _ => NewPage(client, client.RecordedActive, client.RecordedTrials, nextTrial: null),
            (_, page) => page.Revision == revision ? page : NewPage(client, page.Working, page.Trials, page.NextTrial));
    }

    private Page NewPage(UsableClient client, SecretKeyReference? working, IReadOnlyList<ClientSecretStatus> before, Moment? nextTrial)
    {
        var page = new Page(client.Revision) { Trials = SecretTrials.Of(client, before), NextTrial = nextTrial };
        if (client.RecordedRefusal is { RetryTime: { } retryAt } refusal && refusal.Revision == client.Revision)
        {
            // One that lies further ahead than any wait after so many refusals was recorded by a clock that was set back since.
            var latest = LatestRetry(refusal.Attempts, time.GetUtcNow());
            (page.Refusals, page.Description) = (refusal.Attempts, refusal.Description);
            page.Retry = new Moment(retryAt < latest ? retryAt : latest, time);
        }
        else
        {
            page.Working = StillListed(client, working);
        }

        return page;
    }

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

        public IReadOnlyList<ClientSecretStatus> Trials { get; set; } = [];

        public NamespacedName? Appointed { get; set; }

        public bool IsTrialUnderWay { get; set; }

        public Moment? NextTrial { get; set; }

        public string? Description { get; set; }

        public int Refusals { get; set; }

        public int Verdicts { get; set; }

        public Moment? Retry { get; set; }

        public Moment? NextWalk { get; set; }
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
internal sealed record CredentialStanding(SecretKeyReference? Working, DateTimeOffset? RetryAt, int Refusals, int Verdicts)
{
    /// <summary>What the provider said when it refused all, so that every connection can say it; null when nothing.</summary>
    public string? Description { get; init; }
}
