using System.Net;
using Kubernetes.Client;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Reporting;

namespace VismaOperator.Sets;

/// <summary>What can be wrong with a set and with its connections, in words.</summary>
internal static class SetProblems
{
    /// <summary>Follows the number of connections that the next pass is for.</summary>
    public const string Unwritten = "are to be written still";

    /// <summary>A rule that a set breaks.</summary>
    /// <param name="error">The rule.</param>
    /// <param name="tenant">The tenant with which its template breaks it; null where it is the set itself.</param>
    public static Problem Invalid(FieldError error, string? tenant = null) =>
        new(error.Reason, tenant is null ? $"{error.Path}: {error.Message}" : $"{error.Path} (tenant {tenant}): {error.Message}");

    /// <summary>A client that serves no tenants from namespaces.</summary>
    /// <param name="set">The set.</param>
    /// <param name="client">The client that its template names.</param>
    /// <param name="exists">
    /// Whether there is one. Of another namespace this is not said: it must not tell which clients exist there.
    /// </param>
    public static Problem ClientWithoutList(VismaConnectionSet set, NamespacedName client, bool exists)
    {
        var isOwn = client.Namespace == set.Metadata.Namespace;
        return new Problem(
            Reason.ClientNotAvailable,
            isOwn && !exists
                ? $"OAuthClient {client} does not exist: create it, or correct spec.template.spec.oauthClientRef."
                : $"OAuthClient {client} {(isOwn ? string.Empty : "does not exist or ")}has no list of tenants (spec.tenants), which "
                    + "tenants from namespaces need: whoever may annotate a namespace could otherwise name any tenant. Have its owner "
                    + "list the tenants.",
            FailureKind.NotThereYet
        );
    }

    /// <summary>A tenant from a namespace that the client does not serve.</summary>
    public static Problem TenantNotServed(VismaConnection connection) =>
        new(
            Reason.TenantNotAllowed,
            $"OAuthClient {connection.ClientName()} does not serve tenant {connection.Spec.TenantId ?? "(none)"} with these scopes to "
            + $"namespace {connection.Metadata.Namespace}: ask its owner to add the combination to spec.tenants, or correct the namespace."
        );

    /// <summary>Removals that wait for a person.</summary>
    /// <param name="set">The set.</param>
    /// <param name="hold">What waits.</param>
    /// <param name="left">How many connections are to be written in the next pass.</param>
    public static Problem Held(VismaConnectionSet set, RemovalHold hold, int left)
    {
        var (name, annotation) = (set.Metadata.NamespacedName, VismaNames.ConfirmRemovalsAnnotation);
        var isUsed = hold.Confirmed == hold.Count;
        return new Problem(
            Reason.RemovalsHeld,
            (
                hold.IsEmptied
                    ? $"The list of tenants is empty, so every connection would be removed ({hold.Count})"
                    : $"{hold.Count} connections have no tenant any more, which is more than is removed without asking"
            )
            + $"; they stay, and everything else goes on{(left > 0 ? $" ({left} {Unwritten})" : string.Empty)}. If the list of tenants is "
            + "wrong, correct it. "
            + (
                !isUsed && RemovalHold.CountOf(set) is { } other
                    ? $"The annotation says {other}, which does not confirm this count. "
                    : string.Empty
            )
            + (
                isUsed
                    ? $"The annotation confirmed an earlier removal: take it away first, with kubectl annotate vcs {name.Name} -n "
                        + $"{name.Namespace} {annotation}-"
                    : $"To remove them: kubectl annotate vcs {name.Name} -n {name.Namespace} --overwrite {annotation}={hold.Count}"
            )
        );
    }

    /// <summary>What is in the way of single connections, by their names.</summary>
    /// <param name="set">The set.</param>
    /// <param name="unclear">What keeps a tenant, by its name.</param>
    /// <param name="difference">What is to be done.</param>
    /// <param name="failed">The writes that failed.</param>
    public static Dictionary<string, Problem> OfConnections(
        VismaConnectionSet set,
        IReadOnlyDictionary<string, Problem> unclear,
        SetDifference difference,
        IReadOnlyList<FailedWrite> failed
    )
    {
        var found = unclear.ToDictionary(
            pair => SetConnections.NameOf(set.Metadata.Name, pair.Key),
            pair => pair.Value,
            StringComparer.Ordinal
        );
        foreach (var taken in difference.Taken)
        {
            found[taken.Metadata.Name] = SetConnections.IsOfEarlierSet(taken, set)
                ? new Problem(
                    Reason.ConnectionNotWritten,
                    $"VismaConnection {taken.Metadata.NamespacedName} is of an earlier set of this name. The garbage collector of the "
                    + "cluster removes it, and it is made anew then.",
                    FailureKind.Transient
                )
                : new Problem(
                    Reason.ConnectionNotOwned,
                    $"VismaConnection {taken.Metadata.NamespacedName} is not of this set and is left as it is: give the tenant another "
                    + "name, or delete that connection."
                );
        }

        foreach (var write in failed.Where(write => IsRefused(write.Failure)))
        {
            found[write.Connection.Name] = new Problem(
                Reason.ConnectionNotAccepted,
                $"The API server {ApiTrouble.Answer(write.Failure)} to VismaConnection {write.Connection}: see whether spec.template and "
                + "the installed definition fit this version of the operator, and whether an admission webhook denies it."
            );
        }

        return found;
    }

    /// <summary>True for a failure that may concern every connection of the set.</summary>
    public static bool IsOfMany(FailedWrite write) => !IsRefused(write.Failure) && !SetWriter.IsRace(write.Failure);

    /// <summary>What is in the way of more than one connection.</summary>
    /// <param name="write">The first write that it kept.</param>
    /// <param name="denial">A missing permission that has lasted; null where it may pass.</param>
    /// <param name="left">How many connections are to be written in the next pass.</param>
    public static Problem NotWritten(FailedWrite write, KubernetesException? denial, int left) =>
        denial is not null
            ? new Problem(
                Reason.ConnectionNotAccepted,
                $"The operator may not write VismaConnection {write.Connection}: the API server {ApiTrouble.Answer(denial)}. "
                + ApiTrouble.Remedy(
                    denial,
                    "Grant its service account create, patch and delete on vismaconnections in the namespace (connectionSets.enabled in "
                    + "the chart), and see whether an admission policy denies it.",
                    "VismaConnections"
                )
                + Still(left)
            )
            : new Problem(
                Reason.ConnectionNotWritten,
                $"VismaConnection {write.Connection} was not written: the API server {ApiTrouble.Answer(write.Failure)}. It is tried "
                + $"again.{Still(left)}",
                FailureKind.Transient
            );

    private static string Still(int left) => left > 0 ? $" {left} {Unwritten}." : string.Empty;

    // The answer to one connection. A webhook that fails is one that passes.
    private static bool IsRefused(Exception failure) =>
        failure is KubernetesException refusal
        && (
            refusal.IsInvalid
            || (
                refusal.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.BadRequest
                && refusal.DeniedBy?.Kind is AdmissionRuleKind.Webhook or AdmissionRuleKind.Policy
            )
        );
}
