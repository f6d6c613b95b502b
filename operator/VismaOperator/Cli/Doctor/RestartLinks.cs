using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Cli.Doctor;

/// <summary>The workloads of <c>spec.restart</c>: whether the operator can restart them, and whether they need it.</summary>
internal static class RestartLinks
{
    // The worst first: of several workloads those are told.
    private static readonly LinkOutcome[] byWeight = [LinkOutcome.Broken, LinkOutcome.Warning, LinkOutcome.Unknown];

    /// <summary>Each of them is there, may be restarted, and reads the Secret as it starts.</summary>
    public static async Task<LinkFinding> RestartsAsync(DoctorCase subject, CancellationToken stop)
    {
        if (subject.Connection.Spec.Restart is not { Count: > 0 } workloads)
        {
            return LinkFinding.Skipped(DoctorReason.NotApplicable, "spec.restart names no workload.");
        }

        List<LinkFinding> findings = [];
        foreach (var workload in workloads)
        {
            findings.Add(
                workload.Kind switch
                {
                    WorkloadKind.Deployment => await LookAsync<Deployment>(subject, workload, stop),
                    WorkloadKind.StatefulSet => await LookAsync<StatefulSet>(subject, workload, stop),
                    WorkloadKind.DaemonSet => await LookAsync<DaemonSet>(subject, workload, stop),
                    _ => LinkFinding.Unknown(DoctorReason.NotReadable, $"This version does not know the kind of {workload.Name}."),
                }
            );
        }

        var worst = byWeight.Select(outcome => findings.FindAll(one => one.Outcome == outcome)).FirstOrDefault(some => some.Count > 0);
        var isBroken = worst is [{ Outcome: LinkOutcome.Broken }, ..];
        if (!isBroken && Said(subject) is { Status: "False" } said && worst?[0].Reason != said.Reason)
        {
            return LinkFinding.Broken(said.Reason, said.Message); // what only a try of the operator shows
        }

        return worst is [var first, ..]
            ? first with { Message = string.Join(' ', worst.Select(one => one.Message).Distinct()) }
            : LinkFinding.Ok($"With each changed token: {string.Join(", ", workloads.Select(one => $"{one.Kind} {one.Name}"))}.");
    }

    // Of the present spec: a workload may be listed since.
    private static Condition? Said(DoctorCase subject) =>
        Conditions.Find(subject.Connection.Status.Conditions, ConditionType.WorkloadsRestarted) is { } said
        && !(said.ObservedGeneration < subject.Connection.Metadata.Generation)
            ? said
            : null;

    private static async Task<LinkFinding> LookAsync<T>(DoctorCase subject, WorkloadReference workload, CancellationToken stop)
        where T : class, IResource<T>, IWorkload
    {
        var permission = await PermissionAsync(subject, T.ResourceKind, stop);
        if (permission is { Outcome: LinkOutcome.Broken })
        {
            return permission;
        }

        var name = subject.Name with { Name = workload.Name };
        var (kind, secret) = (T.ResourceKind.Kind, subject.Connection.SecretName().Name);
        return await subject.Source.FindAsync<T>(name, stop) switch
        {
            { Failure: { } failure } => LinkFinding.Unknown(failure),
            { Found: null or { Metadata.DeletionTimestamp: not null } } => LinkFinding.Broken(
                Reason.WorkloadNotFound,
                $"{kind} {name}, which spec.restart names, does not exist or is being deleted: create it, or take it out of spec.restart."
            ),
            { Found.Spec.Paused: true } => LinkFinding.Warning(
                Reason.WorkloadPaused,
                $"{kind} {name} is paused, so it is left alone: kubectl -n {name.Namespace} rollout resume deployment/{name.Name}"
            ),
            { Found.Spec.Template.Spec: { } pod } when !SecretLinks.Reads(pod, secret) => LinkFinding.Warning(
                DoctorReason.RestartNotNeeded,
                $"{kind} {name} is restarted with each changed token and does not read Secret {secret}: take it out of spec.restart, or "
                    + "have its Pods read the Secret."
            ),
            _ when Said(subject) is { Status: "True" } => LinkFinding.Ok(string.Empty), // whoever may not ask sees it by that
            _ => permission,
        };
    }

    private static async Task<LinkFinding> PermissionAsync(DoctorCase subject, ResourceKind kind, CancellationToken stop)
    {
        if (OperatorLinks.AccountOf(subject) is not { } account)
        {
            return LinkFinding.Unknown(DoctorReason.NotFound, "The operator's service account is not known."); // see Permissions
        }

        foreach (var access in OperatorPermissions.OfRestarts(kind, subject.Name.Namespace))
        {
            var answer = await subject.Source.MayAsync(OperatorLinks.SpecOf(account, access), stop);
            if (answer.Failure is { } failure)
            {
                return LinkFinding.Unknown(failure);
            }

            if (!answer.IsYes)
            {
                return LinkFinding.Broken(
                    Reason.RestartForbidden,
                    $"Service account {account} may not {OperatorPermissions.Words(access)}: restarts are not permitted there. Add "
                        + $"{subject.Name.Namespace} to restart.namespaces in the values of the chart, or remove spec.restart."
                );
            }
        }

        return LinkFinding.Ok(string.Empty);
    }
}
