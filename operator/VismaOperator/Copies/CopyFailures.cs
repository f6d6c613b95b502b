using System.Collections.Concurrent;
using System.Net;
using Kubernetes.Client;
using Kubernetes.Controllers;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Copies;

/// <summary>
/// Makes outcomes of what the API server did instead of a read or a write, for each copy by itself. A failure is reported once it has
/// lasted, since most pass by themselves. Safe for use by many threads.
/// </summary>
internal sealed class CopyFailures(CopySources sources, CopyAcceptance acceptance, TimeProvider time)
{
    // A failure of the API server that lasts so long is reported.
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(10);

    private readonly ForbiddenRequests<NamespacedName> refusals = new(time);
    private readonly ConcurrentDictionary<NamespacedName, long> failingSince = new();

    /// <summary>Makes an attempt at a copy. An exception that the API server did not cause is a bug, and is thrown on.</summary>
    public async Task<CopyOutcome> TryAsync(
        VismaConnection connection,
        SecretCopy copy,
        Func<Task<CopyOutcome>> attempt,
        CancellationToken cancellationToken
    )
    {
        var name = TokenCopy.NameOf(copy);
        try
        {
            var outcome = await attempt();
            if (!outcome.IsPending)
            {
                Recovered(name);
                return outcome;
            }

            refusals.Forget(name);
            return Lasts(name) ? outcome with { IsPending = false, Problem = CopyProblems.Waits(name, connection.SecretName()) } : outcome;
        }
        catch (Exception thrown) when (ApiTrouble.Is(CauseOf(thrown)) && !cancellationToken.IsCancellationRequested)
        {
            return OutcomeOf(connection, copy, CauseOf(thrown), (thrown as UnreadTokenException)?.Secret);
        }
    }

    /// <summary>True when requests for a copy have failed for so long that it is to be reported.</summary>
    public bool Lasts(NamespacedName name) =>
        time.GetElapsedTime(failingSince.GetOrAdd(name, _ => time.GetTimestamp())) >= patience;

    /// <summary>See <see cref="ForbiddenRequests{TKey}.Believed"/>.</summary>
    public KubernetesException? Believed(NamespacedName name, Exception failure) => refusals.Believed(name, failure);

    /// <summary>A request for a copy succeeded.</summary>
    public void Recovered(NamespacedName name)
    {
        refusals.Forget(name);
        failingSince.TryRemove(name, out _);
    }

    private static Exception CauseOf(Exception thrown) => thrown is UnreadTokenException unread ? unread.Cause : thrown;

    // Where the token Secret could not be read, the copy is not at fault.
    private CopyOutcome OutcomeOf(VismaConnection connection, SecretCopy copy, Exception failure, NamespacedName? unread)
    {
        var name = TokenCopy.NameOf(copy);
        var outcome = new CopyOutcome(copy, IsHeld(connection, copy));
        if (refusals.Believed(name, failure) is { } denial)
        {
            return outcome with
            {
                Problem = unread is { } token ? CopyProblems.MayNotRead(name, token, denial) : ApiTrouble.MayNotWrite(name, denial),
                IsToRetry = true,
            };
        }

        return
            unread is null
            && failure is KubernetesException { StatusCode: HttpStatusCode.UnprocessableEntity or HttpStatusCode.RequestEntityTooLarge }
                ? outcome with { Problem = CopyProblems.Invalid(name, failure), IsToRetry = true }
                : outcome with { Problem = Lasts(name) ? CopyProblems.NotWritten(name, unread, failure) : null, Failure = failure };
    }

    // As far as it is known: where the namespace cannot be read, status knows.
    private bool IsHeld(VismaConnection connection, SecretCopy copy) =>
        acceptance.CanSee(copy.Namespace)
            ? sources.Secrets.Find(TokenCopy.NameOf(copy)) is { } present && TokenCopy.IsOurs(present.Metadata, connection)
            : (connection.Status.Copies ?? []).Contains(copy);
}
