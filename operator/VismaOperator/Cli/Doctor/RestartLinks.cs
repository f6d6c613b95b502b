using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Cli.Doctor;

/// <summary>The workloads of <c>spec.restart</c>: whether the operator can restart them, and whether they need it.</summary>
internal static class RestartLinks
{
    // The worst first: of several workloads one is told.
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

        return byWeight.Select(outcome => findings.Find(finding => finding.Outcome == outcome)).FirstOrDefault(one => one is not null)
            ?? LinkFinding.Ok($"With each changed token: {string.Join(", ", workloads.Select(one => $"{one.Kind} {one.Name}"))}.");
    }

    private static async Task<LinkFinding> LookAsync<T>(DoctorCase subject, WorkloadReference workload, CancellationToken stop)
        where T : class, IResource<T>, IWorkload
    {
        if (await PermissionAsync(subject, T.ResourceKind, stop) is { Outcome: LinkOutcome.Broken } forbidden)
        {
            return forbidden;
        }

        var name = subject.Name with { Name = workload.Name };
        var (kind, secret) = (T.ResourceKind.Kind, subject.Connection.SecretName().Name);
        return await subject.Source.FindAsync<T>(name, stop) switch
        {
            { Failure: { } failure } => LinkFinding.Unknown(failure),
            { Found: null } => LinkFinding.Broken(
                Reason.WorkloadNotFound,
                $"{kind} {name}, which spec.restart names, does not exist: create it, or take it out of spec.restart."
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
            _ => LinkFinding.Ok(string.Empty),
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
            if (answer is { Failure: null, IsYes: false })
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
