using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Doctor;

/// <summary>The Secrets of other namespaces that hold the token.</summary>
internal static class CopyLinks
{
    /// <summary>Each copy holds the token, by what the operator says: a person may not be allowed to look into those namespaces.</summary>
    public static Task<LinkFinding> CopiesAsync(DoctorCase subject, CancellationToken stop)
    {
        var (connection, copies) = (subject.Connection, subject.Connection.Spec.Secret.Copies.Distinct().ToList());
        return Task.FromResult(
            (copies, Conditions.Find(connection.Status.Conditions, ConditionType.CopiesWritten)) switch
            {
                ({ Count: 0 }, null) => LinkFinding.Skipped(DoctorReason.NotApplicable, "spec.secret.copies lists none."),
                (_, null) => LinkFinding.Skipped(DoctorReason.NotFound, "No copy was written yet: the token Secret comes first."),
                (_, { } said) when said.ObservedGeneration < connection.Metadata.Generation => LinkFinding.Warning(
                    StatusReason.NotObserved,
                    $"The operator has not looked at the copies since spec was changed. Before, it said: {said.Message}"
                ),
                (_, { Status: "True" }) when copies.Except(connection.Status.Copies ?? []).ToList() is [var first, ..] =>
                    LinkFinding.Warning(
                        StatusReason.NotObserved,
                        $"The operator has not written Secret {first.Namespace}/{first.Name} yet, which spec.secret.copies lists."
                    ),
                (_, { Status: "True" } written) => LinkFinding.Ok(written.Message),
                (_, { } missing) => LinkFinding.Warning(missing.Reason, missing.Message),
            }
        );
    }
}
