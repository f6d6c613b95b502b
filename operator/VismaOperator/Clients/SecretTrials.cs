using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>
/// Which client secrets were tried in their present value. Lists are never changed in place, so that
/// <see cref="ClientSecretTracker"/> and a status can share one.
/// </summary>
internal static class SecretTrials
{
    /// <summary>The trials of a client as it is now.</summary>
    /// <param name="client">The client.</param>
    /// <param name="before">Those that are on record. A secret that is on it with another value, or that joined it, is due to be tried.
    /// Where nothing is on record nothing has changed.</param>
    public static IReadOnlyList<ClientSecretStatus> Of(ResolvedClient client, IReadOnlyList<ClientSecretStatus> before) =>
    [
        .. client.Credentials.Select(credential => Of(client, credential, before)),
        // a Secret that cannot be read for now comes back as it was
        .. before.Where(trial => !client.Credentials.Any(credential => trial.Is(credential.Reference))),
    ];

    /// <summary>The trials with the outcome of a request.</summary>
    public static IReadOnlyList<ClientSecretStatus> With(
        this IReadOnlyList<ClientSecretStatus> trials,
        SecretKeyReference tried,
        SecretTrial outcome,
        DateTimeOffset now
    ) => [.. trials.Select(trial => trial.Is(tried) ? trial with { Trial = outcome, TrialTime = now } : trial)];

    /// <summary>What is on record of one secret.</summary>
    public static SecretTrial Find(this IReadOnlyList<ClientSecretStatus> trials, SecretKeyReference reference) =>
        trials.FirstOrDefault(trial => trial.Is(reference))?.Trial ?? SecretTrial.NotTried;

    /// <summary>The first secret that was changed and has not been tried since; null when there is none.</summary>
    public static Credential? FirstDue(this IReadOnlyList<ClientSecretStatus> trials, ResolvedClient client) =>
        client.Credentials.FirstOrDefault(credential => trials.Find(credential.Reference) == SecretTrial.Due);

    /// <summary>The trials as status has them; see <see cref="ResolvedClient.RecordedRevisionOf"/>.</summary>
    public static IReadOnlyList<ClientSecretStatus> ToRecord(this IReadOnlyList<ClientSecretStatus> trials, ResolvedClient client) =>
    [
        .. trials.Select(trial =>
            client.Credentials.FirstOrDefault(credential => trial.Is(credential.Reference)) is { } credential
                ? trial with { Revision = client.RecordedRevisionOf(credential) }
                : trial
        ),
    ];

    // On record is what status has, or what this process has in memory.
    private static ClientSecretStatus Of(ResolvedClient client, Credential credential, IReadOnlyList<ClientSecretStatus> before)
    {
        var (revision, reference) = (client.RevisionOf(credential), credential.Reference);
        var known = before.FirstOrDefault(trial => trial.Is(reference));
        return known is not null
            && known.Trial != SecretTrial.Unrecognized
            && (known.Revision == revision || known.Revision == client.RecordedRevisionOf(credential))
            ? known with { Revision = revision }
            : new ClientSecretStatus
            {
                Name = reference.Name,
                Key = reference.Key,
                Revision = revision,
                Trial = before.Count == 0 ? SecretTrial.NotTried : SecretTrial.Due,
            };
    }
}

/// <summary>The right to try secrets of which none is known to work; dispose it to pass the right on.</summary>
internal sealed class ProbeLease(SemaphoreSlim? held) : IDisposable
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
