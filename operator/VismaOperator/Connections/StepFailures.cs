using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Publishing;
using VismaOperator.Reporting;

namespace VismaOperator.Connections;

/// <summary>
/// Turns what a step of a reconcile threw into a problem that is reported and retried like any other. A failure that is not reported
/// would leave the conditions as they were, true or not.
/// </summary>
internal sealed class StepFailures(TimeProvider time)
{
    // A conflict is settled by looking again at once. So many in a row are something that a person should know of.
    private const int ConflictsAtOnce = 3;

    // Longer than the caches need after a start.
    private static readonly TimeSpan unreadPatience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<NamespacedName, int> conflicts = new();
    private readonly ConcurrentDictionary<NamespacedName, long> unread = new();
    private readonly ForbiddenRequests<NamespacedName> forbidden = new(time);

    /// <summary>
    /// False for failures after which the reconcile is only made again: the process ends, leads no more, or decided on an old state.
    /// </summary>
    public bool IsToReport(NamespacedName connection, Exception failure, CancellationToken cancellationToken) => failure switch
    {
        OperationCanceledException when cancellationToken.IsCancellationRequested => false,
        LeadershipLostException => false,
        KubernetesException { IsConflict: true } => conflicts.AddOrUpdate(connection, 1, (_, count) => count + 1) > ConflictsAtOnce,
        _ => true,
    };

    /// <summary>A cache that the reconcile rests on has not been filled. True once that has lasted too long to say nothing.</summary>
    public bool IsUnreadForLong(NamespacedName connection) =>
        time.GetElapsedTime(unread.GetOrAdd(connection, _ => time.GetTimestamp())) >= unreadPatience;

    /// <summary>A reconcile came to rest without a failure, or the connection is gone.</summary>
    public void Forget(NamespacedName connection)
    {
        conflicts.TryRemove(connection, out _);
        unread.TryRemove(connection, out _);
        forbidden.Forget(connection);
    }

    /// <summary>The problem to report.</summary>
    /// <param name="connection">Whose reconcile it was.</param>
    /// <param name="decision">The step that failed; null for the look that comes first.</param>
    /// <param name="failure">What was thrown.</param>
    public Problem ProblemOf(VismaConnection connection, Decision? decision, Exception failure)
    {
        var cause = Cause(failure);
        if (IsBug(failure))
        {
            return OperatorFault.ProblemOf(cause);
        }

        var isLook = failure is UnobservedException || decision is Decision.Inspect;
        var what = (failure, decision) switch
        {
            (UnobservedException unobserved, _) => unobserved.What,
            (NotRemovedException removal, _) => WhatStays(removal.Secrets, decision),
            (_, Decision.Withdraw or Decision.RemoveFormer) => // conflicts only
                WhatStays($"Secret {connection.RecordedSecretName() ?? connection.SecretName()}", decision),
            _ => WhatFailed(connection, decision),
        };
        var denial = forbidden.Believed(connection.Metadata.NamespacedName, cause);
        var isBelieved = isLook ? denial is { IsForbidden: true } : denial is not null; // no webhook sees a read
        var verbs = isLook ? "get" : "get, create, update and delete";
        var permission =
            $"Where a permission is missing, grant the operator's service account {verbs} on Secrets in namespace "
            + $"{connection.Metadata.Namespace}.";
        var remedy = cause is KubernetesException error ? ApiTrouble.Remedy(error, permission) : string.Empty;
        return new Problem(
            (isLook, isBelieved) switch
            {
                _ when decision is Decision.Withdraw => Reason.WithdrawalFailed,
                (true, true) => Reason.ApiRequestForbidden,
                (true, false) => Reason.ApiRequestFailed,
                (false, true) => Reason.SecretForbidden,
                (false, false) => Reason.SecretNotWritten,
            },
            $"{what}: the API server {ApiTrouble.Answer(cause)}. {remedy} It is tried again.".Replace("  ", " ", StringComparison.Ordinal),
            isBelieved && decision is not Decision.Withdraw ? FailureKind.NeedsPerson : FailureKind.Transient)
        {
            Stage = decision is Decision.Withdraw ? FailureStage.Withdrawing
                : isLook ? FailureStage.Looking
                : FailureStage.Writing,
        };
    }

    /// <summary>True for failures of neither the API server nor the network.</summary>
    public static bool IsBug(Exception failure) => !ApiTrouble.Is(Cause(failure));

    /// <summary>When the API server asks to be asked again; null where it does not say.</summary>
    public static TimeSpan? RetryAfter(Exception failure) => (Cause(failure) as KubernetesException)?.RetryAfter;

    private static Exception Cause(Exception failure) =>
        failure is (UnobservedException or NotRemovedException) and { InnerException: { } cause } ? cause : failure;

    private static string WhatStays(string secrets, Decision? decision) =>
        decision is Decision.Withdraw withdraw
            ? $"{withdraw.Problem.Message} {secrets} must be deleted, and that failed"
            : $"{secrets}, which held the token before, could not be deleted";

    private static string WhatFailed(VismaConnection connection, Decision? decision) =>
        decision switch
        {
            Decision.Inspect => $"Secret {connection.SecretName()} could not be read",
            Decision.Redeem => $"The code could not be taken out of Secret {connection.HandoffSecretName()}",
            Decision.Exchange or Decision.AnnounceTakeover or Decision.Note =>
                $"Secret {connection.GrantSecretName()}, which holds the grant, could not be written",
            _ => $"Secret {connection.SecretName()} could not be written",
        };
}

/// <summary>Something that every decision rests on could not be read.</summary>
/// <param name="what">What, as the beginning of a sentence.</param>
/// <param name="cause">What the API server or the network did.</param>
internal sealed class UnobservedException(string what, Exception cause) : Exception(what, cause)
{
    /// <summary>What could not be read, as the beginning of a sentence.</summary>
    public string What { get; } = what;
}

/// <summary>Secrets that are to go could not be removed; made by <see cref="Of"/>.</summary>
/// <param name="removal">What is left.</param>
internal sealed class NotRemovedException(RemovalResult removal)
    : Exception($"{removal.Names} could not be removed.", removal.Left[0].Failure)
{
    /// <summary>Which ones, as the beginning of a sentence.</summary>
    public string Secrets { get; } = removal.Names;

    /// <summary>What to throw. A conflict stays what it is, so that the reconcile is made again at once.</summary>
    public static Exception Of(RemovalResult removal) =>
        removal.Left[0].Failure is KubernetesException { IsConflict: true } conflict ? conflict : new NotRemovedException(removal);
}
