using Kubernetes.Controllers.Writing;
using Lifecycle;

namespace VismaOperator.Cli.Doctor;

/// <summary>The Secrets of other namespaces that hold the token.</summary>
internal static class CopyLinks
{
    /// <summary>Each copy holds the token, by what the operator says: a person may not be allowed to look into those namespaces.</summary>
    public static Task<LinkFinding> CopiesAsync(DoctorCase subject, CancellationToken stop) => Task.FromResult(
        (subject.Connection.Spec.Secret.Copies, Conditions.Find(subject.Connection.Status.Conditions, ConditionType.CopiesWritten)) switch
        {
            ({ Count: 0 }, null) => LinkFinding.Skipped(DoctorReason.NotApplicable, "spec.secret.copies lists none."),
            (_, null) => LinkFinding.Skipped(DoctorReason.NotFound, "No copy was written yet: the token Secret comes first."),
            (_, { Status: "True" } written) => LinkFinding.Ok(written.Message),
            (_, { } missing) => LinkFinding.Warning(missing.Reason, missing.Message),
        }
    );
}
