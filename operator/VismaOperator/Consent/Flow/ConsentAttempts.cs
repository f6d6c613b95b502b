using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using OAuth;
using VismaOperator.Grants;
using VismaOperator.Publishing;

namespace VismaOperator.Consent.Flow;

/// <summary>
/// Consents that were begun, kept in the grant Secret so that a browser may come back to any replica. Several may be open at a time, since
/// several people may hold the link, and none replaces that of another browser. The process that removes an attempt redeems its code, so a
/// replayed answer finds nothing.
/// </summary>
internal sealed class ConsentAttempts(GrantStore store, Store<SecretMetadata> secrets, TimeProvider time, Func<int, byte[]> randomBytes)
{
    /// <summary>
    /// How long a person may take at the provider: enough for a sign-in with a second factor, too little for a forgotten tab.
    /// </summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    // Enough for two tabs. A person who presses the button more often no longer uses the earlier ones.
    private const int MaxOpenInOneBrowser = 2;

    private readonly CodeVerifier verifiers = new(randomBytes);

    /// <summary>Stores an attempt and says where to send the browser.</summary>
    /// <param name="admitted">What is consented to.</param>
    /// <param name="iss">What the provider promises of its answer.</param>
    /// <param name="shown">The cookie that the browser has from an earlier attempt; null when it has none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ConsentAnswer> BeginAsync(
        Admission.Given admitted, IssParameter iss, Sensitive? shown, CancellationToken cancellationToken)
    {
        var connection = admitted.Connection.Metadata.NamespacedName;
        var (state, cookie, verifier) = (ConsentState.New(connection, randomBytes), Unguessable.New(randomBytes), verifiers.New());
        var attempt = new ConsentAttempt
        {
            StateHash = Unguessable.HashOf(state),
            CookieHash = Unguessable.HashOf(cookie),
            CodeVerifier = verifier,
            RedirectUri = admitted.RedirectUri.OriginalString,
            Issuer = admitted.Client.Issuer.OriginalString,
            Iss = iss,
            Inputs = admitted.Inputs,
            ExpirationTime = WholeSeconds.Floor(time.GetUtcNow() + Lifetime),
        };
        var request = new AuthorizationRequest(
            admitted.AuthorizationEndpoint,
            admitted.Client.ClientId,
            admitted.RedirectUri,
            admitted.Connection.Spec.RequestedScopes(),
            state,
            CodeVerifier.ChallengeOf(verifier));
        ConsentAnswer answer = new ConsentAnswer.Failed(
            ConsentFailureCause.NotPossible,
            $"Secret {GrantStore.NameOf(connection)}, in which the grant would be stored, belongs to somebody else.");
        await store.ChangeAsync(
            connection,
            document =>
            {
                // A browser keeps the cookie of an open attempt, so that the answer of its other tab still finds its cookie.
                var isOpen = shown is not null && document.Attempts.Any(open => ConsentState.Matches(open.CookieHash, shown));
                var kept = isOpen ? shown! : cookie;
                var begun = attempt with { CookieHash = Unguessable.HashOf(kept), Former = document.Held?.Family };
                var attempts = Beside(document.Attempts, begun);
                answer = attempts is null
                    ? new ConsentAnswer.Failed(ConsentFailureCause.TooManyAttempts)
                    : new ConsentAnswer.Begun(connection, request, kept);
                return attempts is null ? null : document with { Attempts = attempts, LastFailure = null };
            },
            cancellationToken);
        return answer;
    }

    /// <summary>
    /// The mark of the attempt that a browser shows state and cookie of, as far as the watched metadata know it; null when they know none.
    /// Asks the cluster nothing.
    /// </summary>
    public string? Recognize(NamespacedName connection, Sensitive state, Sensitive? cookie) =>
        cookie is not null
        && ConsentAttempt.MarkOf(state, cookie) is var mark
        && secrets.Find(GrantStore.NameOf(connection)) is { } found
        && GrantSecret.IsOf(found.Metadata, connection.Name)
        && GrantSecret.IsMarked(found.Metadata, mark)
            ? mark
            : null;

    /// <summary>
    /// The attempt that an answer belongs to; null when it belongs to none. In a namespace that the operator may not read, no attempt was
    /// stored; the answer does not reveal that the namespace is not served.
    /// </summary>
    public async Task<ConsentAttempt?> FindAsync(NamespacedName connection, Sensitive state, CancellationToken cancellationToken)
    {
        try
        {
            return await store.ReadAsync(connection, cancellationToken) is GrantRead.Found found
                ? found.Snapshot.Document.Attempts.FirstOrDefault(open => ConsentState.Matches(open.StateHash, state))
                : null;
        }
        catch (KubernetesException error) when (error.IsForbidden)
        {
            return null;
        }
    }

    /// <summary>Why the attempt cannot go on in this browser, now; null when it can.</summary>
    public ConsentFailureCause? ObjectionTo(ConsentAttempt attempt, Sensitive? cookie) =>
        !ConsentState.Matches(attempt.CookieHash, cookie) ? ConsentFailureCause.OtherBrowser
        : attempt.ExpirationTime <= time.GetUtcNow() ? ConsentFailureCause.AttemptExpired
        : null;

    /// <summary>
    /// Removes the attempt and gives what is stored then; null when somebody else did. Runs under its own deadline: a person who closes the
    /// browser has consented nevertheless.
    /// </summary>
    public async Task<GrantSnapshot?> TakeAsync(NamespacedName connection, ConsentAttempt attempt, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var deadline = Deadline.After(SecretPublisher.StoreDeadline, time);
        return await store.ChangeAsync(
            connection,
            document => document.Attempts.Any(open => open.StateHash == attempt.StateHash)
                ? document with { Attempts = [.. document.Attempts.Where(open => open.StateHash != attempt.StateHash)] }
                : null,
            deadline.Token);
    }

    // An attempt never replaces an open attempt of another browser: somebody who floods the button is rejected. Expired attempts stay while
    // there is room, so that a person who comes too late is told so.
    private IReadOnlyList<ConsentAttempt>? Beside(IReadOnlyList<ConsentAttempt> stored, ConsentAttempt attempt)
    {
        var leftBehind = stored.Where(open => open.CookieHash == attempt.CookieHash).Skip(MaxOpenInOneBrowser - 1);
        var others = stored.Except(leftBehind).OrderByDescending(open => open.ExpirationTime).ToList();
        return others.Count(open => open.ExpirationTime > time.GetUtcNow()) < ConsentAttempt.MaxOpen
            ? [attempt, .. others.Take(ConsentAttempt.MaxOpen - 1)]
            : null;
    }
}
