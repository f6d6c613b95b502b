using System.Collections.Concurrent;
using Kubernetes.Client;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>
/// Remembers which secret of a client works, so that hundreds of connections need not try it each. <c>invalid_client</c> does not
/// distinguish a wrong secret from an expired one, so the only way to know is to try, and every try counts at the provider: the order is
/// walked when it changes, on the first refusal, and otherwise at most hourly. When a client that was refused may be tried again, and
/// whether a connection waits for that, is decided by <c>Lifecycle</c>.
/// <para>
/// It lives in memory on purpose. What must survive a restart, the secret that worked last or the refusal of all of them, is in the
/// client's status, and is where a state begins.
/// </para>
/// </summary>
internal sealed class ClientSecretTracker(TimeProvider time)
{
    private static readonly TimeSpan walkAgainAfter = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<NamespacedName, ClientSecretState> states = new();

    /// <summary>Tells that what is known of a client changed. Raised outside of any lock.</summary>
    public event Action<NamespacedName>? Changed;

    /// <summary>Tells that a secret was tried. Raised outside of any lock.</summary>
    public event Action<NamespacedName>? Tried;

    /// <summary>Tells which connection is to try a secret. Raised outside of any lock.</summary>
    public event Action<NamespacedName>? Appointed;

    /// <summary>
    /// Follows the client to its present revision: what was known about the secrets of another revision is dropped. Call it after the
    /// client was read. An attempt that began before a change still uses the earlier client, and changes nothing here.
    /// </summary>
    public void Follow(ResolvedClient client)
    {
        var revision = client.Revision;
        states.AddOrUpdate(
            client.Name,
            _ => NewState(client, client.RecordedActive, client.RecordedTrials, nextTrial: null),
            (_, state) => state.Revision == revision ? state : NewState(client, state.Working, state.Trials, state.Trial.NextTrial)
        );
    }

    /// <summary>Sees to it that a secret that was changed is tried by one connection. Nothing is tried twice.</summary>
    /// <param name="client">The client.</param>
    /// <param name="candidates">The connections that can, best first.</param>
    /// <returns>Who is to try; null when nothing is due.</returns>
    public TrialArrangement? Arrange(ResolvedClient client, IReadOnlyList<NamespacedName> candidates)
    {
        var arrangement = Within<TrialArrangement?>(client, otherwise: null, state =>
        {
            if (state.Trials.FirstDue(client) is not null)
            {
                return state.Trial.Arrange(candidates);
            }

            state.Trial.Cancel();
            return null;
        });
        if (arrangement?.Appointed is { } appointed)
        {
            Appointed?.Invoke(appointed);
        }

        return arrangement;
    }

    /// <summary>True when this connection is to try a secret that was changed.</summary>
    public bool IsAppointed(ResolvedClient client, NamespacedName connection) =>
        Within(client, otherwise: false, state => state.Trial.Is(connection) && state.Trials.FirstDue(client) is not null);

    /// <summary>
    /// Takes the right to try a secret that was changed; null when none is due, or another request tries it already. Give it back by
    /// <see cref="ReleaseTrial"/>.
    /// </summary>
    public Credential? ClaimTrial(ResolvedClient client) =>
        Within(client, otherwise: null, state => state.Trials.FirstDue(client) is { } due && state.Trial.Claim() ? due : null);

    /// <summary>The request of <see cref="ClaimTrial"/> is over, with any outcome.</summary>
    /// <param name="client">The client.</param>
    /// <param name="refused">The secrets that it was refused with.</param>
    public void ReleaseTrial(ResolvedClient client, IReadOnlyCollection<Credential> refused) =>
        Within(client, otherwise: false, state =>
        {
            Note(state, refused, SecretTrial.Refused);
            state.Trial.Release();
            return true;
        });

    /// <summary>
    /// A request is over, and the secrets that it tried are reported together. Reported one by one, the client would first have a refused
    /// secret and still be usable, and a moment later have all refused: two events for one refusal.
    /// </summary>
    /// <param name="client">The client.</param>
    /// <param name="refused">The secrets that it was refused with, where no outcome came with them.</param>
    public void TellTrials(ResolvedClient client, IReadOnlyCollection<Credential> refused)
    {
        var isNews = Within(client, otherwise: false, state =>
        {
            Note(state, refused, SecretTrial.Refused);
            var hasUntold = state.HasUntoldTrial;
            state.HasUntoldTrial = false;
            return hasUntold;
        });
        if (isNews)
        {
            Tried?.Invoke(client.Name);
        }
    }

    /// <summary>What is known of a client's secrets; of those of an earlier revision only what was on record when it was read.</summary>
    public ClientSecretSnapshot SnapshotOf(ResolvedClient client)
    {
        if (OpenStateOf(client) is not { } state)
        {
            return new ClientSecretSnapshot(StillListed(client, client.RecordedActive), RetryAt: null, Refusals: 0, StateRevision: 0)
            {
                Trials = client.RecordedTrials,
            };
        }

        lock (state)
        {
            return new ClientSecretSnapshot(state.Working, state.Retry?.Instant, state.Refusals, state.StateRevision)
            {
                Description = state.Description,
                Trials = state.Trials.ToRecord(client),
            };
        }
    }

    /// <summary>Which secrets to try, best first.</summary>
    public IReadOnlyList<Credential> OrderToTry(ResolvedClient client)
    {
        if (OpenStateOf(client) is not { } state)
        {
            return Ordered(client, client.RecordedActive, client.RecordedTrials);
        }

        lock (state)
        {
            var ordered = Ordered(client, state.Working, state.Trials);
            return state.NextWalk is { HasCome: false } ? ordered[..1] : ordered;
        }
    }

    /// <summary>
    /// Waits for the right to try secrets when none is known to work, so that one connection tries and the others learn the outcome.
    /// </summary>
    /// <param name="client">The client.</param>
    /// <param name="seen">What was known before the wait; newer knowledge counts.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<TrialLease> EnterTrialAsync(ResolvedClient client, ClientSecretSnapshot seen, CancellationToken cancellationToken)
    {
        if (OpenStateOf(client) is not { } state)
        {
            // The secrets were changed meanwhile, so the earlier ones need no trial.
            return new TrialLease(held: null) { WasRefusedMeanwhile = true };
        }

        await state.TrialTurn.WaitAsync(cancellationToken);
        lock (state)
        {
            var isNews = state.StateRevision != seen.StateRevision;
            return new TrialLease(state.TrialTurn)
            {
                IsWorkingKnown = isNews && state.Working is not null,
                WasRefusedMeanwhile = isNews && state.Working is null,
            };
        }
    }

    /// <summary>The provider accepted this secret.</summary>
    /// <param name="client">The client.</param>
    /// <param name="credential">The secret.</param>
    /// <param name="refused">The secrets that the same request was refused with.</param>
    public void Accepted(ResolvedClient client, Credential credential, IReadOnlyCollection<Credential> refused)
    {
        var isNews = Within(client, otherwise: false, state =>
        {
            Note(state, refused, SecretTrial.Refused);

            // A secret that was tried because it was changed does not replace one that works and is listed before it.
            var working = state.Retry is null && IsPreferred(client, state, credential) ? state.Working! : credential.Reference;
            var isChange = state.Working != working || state.Retry is not null;
            state.StateRevision += isChange ? 1 : 0;
            state.Working = working;
            state.Refusals = 0;
            state.Retry = null;
            state.NextWalk = null;
            Note(state, [credential], SecretTrial.Accepted);
            return isChange;
        });
        Tell(isNews, client.Name);
    }

    /// <summary>The provider refused every secret that was tried: <see cref="ClientSecretSnapshot.RetryAt"/>.</summary>
    /// <param name="client">The client.</param>
    /// <param name="tried">The secrets that were refused.</param>
    /// <param name="seen">What was known before they were sent. Requests that are under way together are refused together. Only the first
    /// one counts. Otherwise one refusal would count as many, and nobody would try again for an hour.</param>
    /// <param name="description">What the provider said; null when nothing.</param>
    public void AllRefused(ResolvedClient client, IReadOnlyCollection<Credential> tried, ClientSecretSnapshot seen, string? description)
    {
        var isNews = Within(client, otherwise: false, state =>
        {
            if (state.StateRevision != seen.StateRevision)
            {
                return false;
            }

            var now = time.GetUtcNow();
            Note(state, tried, SecretTrial.Refused);
            state.StateRevision++;
            state.Working = null;
            state.Description = description;
            state.Refusals++;
            state.Retry = new Moment(FailureBackoff.ClientRetryTime(state.Refusals, now), time);
            state.NextWalk = tried.Count == client.Credentials.Count ? new Moment(now + walkAgainAfter, time) : state.NextWalk;
            return true;
        });
        Tell(isNews, client.Name);
    }

    /// <summary>The client is gone.</summary>
    public void Forget(NamespacedName client) => states.TryRemove(client, out _);

    private void Tell(bool isNews, NamespacedName client)
    {
        if (isNews)
        {
            Changed?.Invoke(client);
        }
    }

    // The time is that of the first request with this outcome, so that a status is not written at each renewal.
    private void Note(ClientSecretState state, IReadOnlyCollection<Credential> credentials, SecretTrial outcome)
    {
        foreach (var credential in credentials.Where(credential => state.Trials.Find(credential.Reference) != outcome))
        {
            state.Trials = state.Trials.With(credential.Reference, outcome, WholeSeconds.Floor(time.GetUtcNow()));
            state.HasUntoldTrial = true;
        }
    }

    private static bool IsPreferred(ResolvedClient client, ClientSecretState state, Credential accepted)
    {
        var order = client.Credentials.Select(credential => credential.Reference).ToList();
        return state.Working is { } working
            && order.IndexOf(working) is >= 0 and var index
            && index < order.IndexOf(accepted.Reference)
            && state.Trials.Find(working) == SecretTrial.Accepted;
    }

    private List<Credential> Ordered(ResolvedClient client, SecretKeyReference? working, IReadOnlyList<ClientSecretStatus> trials)
    {
        var now = time.GetUtcNow();
        return [.. client.Credentials
            .OrderByDescending(credential => credential.Reference == working)
            .ThenByDescending(credential => trials.Find(credential.Reference) == SecretTrial.Due)
            .ThenBy(credential => credential.ExpirationTime <= now)];
    }

    private ClientSecretState NewState(
        ResolvedClient client,
        SecretKeyReference? working,
        IReadOnlyList<ClientSecretStatus> before,
        Moment? nextTrial
    )
    {
        var state = new ClientSecretState(client.Revision, new TrialAppointment(time, nextTrial))
        {
            Trials = SecretTrials.Of(client, before),
        };
        if (client.RecordedRefusal is { RetryTime: { } retryAt } refusal && refusal.Revision == client.RecordedRevision)
        {
            // A time further ahead than any wait after so many refusals was recorded before the clock was set back.
            var latest = FailureBackoff.ClientRetryTime(refusal.Attempts, time.GetUtcNow());
            (state.Refusals, state.Description) = (refusal.Attempts, refusal.Description);
            state.Retry = new Moment(retryAt < latest ? retryAt : latest, time);
        }
        else
        {
            state.Working = StillListed(client, working);
        }

        return state;
    }

    // An answer may come after the client was changed or deleted: it says nothing about the present secrets, and creates no state again.
    private ClientSecretState? OpenStateOf(ResolvedClient client) =>
        states.TryGetValue(client.Name, out var state) && state.Revision == client.Revision ? state : null;

    // What is known of the present secrets is read and changed under its lock.
    private T Within<T>(ResolvedClient client, T otherwise, Func<ClientSecretState, T> act)
    {
        if (OpenStateOf(client) is not { } state)
        {
            return otherwise;
        }

        lock (state)
        {
            return act(state);
        }
    }

    private static SecretKeyReference? StillListed(ResolvedClient client, SecretKeyReference? reference) =>
        client.Credentials.Any(credential => credential.Reference == reference) ? reference : null;

    private sealed class ClientSecretState(string revision, TrialAppointment trial)
    {
        public string Revision { get; } = revision;

        // Never disposed: a SemaphoreSlim without a wait handle holds nothing that the collector would not take.
        public SemaphoreSlim TrialTurn { get; } = new(1, 1);

        public SecretKeyReference? Working { get; set; }

        public IReadOnlyList<ClientSecretStatus> Trials { get; set; } = [];

        public TrialAppointment Trial { get; } = trial;

        public bool HasUntoldTrial { get; set; }

        public string? Description { get; set; }

        public int Refusals { get; set; }

        public int StateRevision { get; set; }

        public Moment? Retry { get; set; }

        public Moment? NextWalk { get; set; }
    }
}

/// <summary>The right to try secrets of which none is known to work; dispose it to pass the right on.</summary>
internal sealed class TrialLease(SemaphoreSlim? held) : IDisposable
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
/// <param name="StateRevision">Counts what was found out, so that older knowledge can be distinguished from newer.</param>
internal sealed record ClientSecretSnapshot(SecretKeyReference? Working, DateTimeOffset? RetryAt, int Refusals, int StateRevision)
{
    /// <summary>What the provider said when it refused all, so that every connection can say it; null when nothing.</summary>
    public string? Description { get; init; }

    /// <summary>The outcome of each secret in its present value, for status.</summary>
    public IReadOnlyList<ClientSecretStatus> Trials { get; init; } = [];
}
