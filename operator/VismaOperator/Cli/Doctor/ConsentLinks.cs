using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Doctor;

/// <summary>A person's consent, by what may be seen from outside: the metadata of the Secret that holds the grant, and status.</summary>
internal static class ConsentLinks
{
    /// <summary>The page that says how a grant is moved.</summary>
    public const string Guide = "docs/moving-a-grant.md";

    private const string AndSuspended = ", and the connection is suspended. Set spec.suspend to false.";

    private static readonly TimeSpan soon = TimeSpan.FromDays(30);

    /// <summary>A grant is stored and has not ended.</summary>
    public static async Task<LinkFinding> ConsentAsync(DoctorCase subject, CancellationToken stop)
    {
        if (subject.Connection.Spec.Grant != Grant.AuthorizationCode)
        {
            return LinkFinding.Skipped(DoctorReason.NotApplicable, "Client credentials need nobody's consent.");
        }

        if (!subject.Source.HasStatus)
        {
            return LinkFinding.Skipped(DoctorReason.NoCluster, "Whether a person consented is known in a cluster only.");
        }

        if (!subject.Source.IsCluster)
        {
            return OfStatus(subject);
        }

        var name = subject.Connection.GrantSecretName();
        var look = await subject.Source.FindAsync<SecretMetadata>(name, stop);
        return look switch
        {
            { Failure: { } failure } => LinkFinding.Unknown(failure),
            { Found: null } when HadAGrant(subject) => TakenOut(subject, $"There is no Secret {name}."),
            { Found: null } => Lacking(
                subject,
                Reason.AwaitingConsent,
                $"There is no Secret {name}: nobody has consented yet{(subject.Connection.Spec.Suspend ? AndSuspended : ".")} A grant of "
                    + $"another cluster can be moved here: {Guide}."
            ),
            { Found.Metadata: { } grant } when grant.Label(VismaNames.SecretLabel) != VismaNames.GrantSecretValue => LinkFinding.Broken(
                Reason.GrantNotOwned,
                $"Secret {name} is where the grant would be kept, and it belongs to someone else. Rename or delete it."
            ),
            { Found.Metadata: { } grant } when IsBeingEnded(grant) =>
                Lacking(subject, Reason.ConsentRequired, $"The grant in Secret {name} is being ended."),
            _ => OfStatus(subject),
        };
    }

    private static bool IsBeingEnded(ObjectMeta grant) =>
        grant.DeletionTimestamp is not null || grant.Annotation(VismaNames.RevokingAnnotation) is not null;

    // The Secret also holds consents that are under way, so status says whether there is a grant in it.
    private static LinkFinding OfStatus(DoctorCase subject)
    {
        var status = subject.Connection.Status;
        var authorized = Conditions.Find(status.Conditions, ConditionType.Authorized);
        return (authorized, status.Authorization?.ConsentExpirationTime) switch
        {
            ({ Status: "False", Reason: Reason.GrantUsedElsewhere }, _) => LinkFinding.Broken(
                authorized.Reason,
                $"{authorized.Message} To move a grant here, first take it out of the other cluster: {Guide}, step 3."
            ),
            ({ Status: "False", Reason: Reason.ConsentRequired }, _) when HadAGrant(subject) =>
                TakenOut(subject, authorized.Message),
            ({ Status: "False" }, _) => LinkFinding.Broken(authorized.Reason, authorized.Message), // which says what to do
            (_, { } end) when end <= subject.Now => Lacking(
                subject,
                Reason.ConsentRequired,
                $"The consent ended at {TimeText.Full(end, subject.Now)}."
            ),
            (_, { } end) when end <= subject.Now + soon => LinkFinding.Warning(
                Reason.ConsentExpiresSoon,
                $"The consent ends at {TimeText.Full(end, subject.Now)}. {Consent(subject)}"
            ),
            ({ Status: "True" }, { } end) => LinkFinding.Ok(
                $"A grant is stored. The consent ends at {TimeText.Full(end, subject.Now)}.{Moving(subject)}"
            ),
            ({ Status: "True" }, _) => LinkFinding.Ok($"A grant is stored. When the consent ends is not known.{Moving(subject)}"),
            _ => LinkFinding.Unknown(
                DoctorReason.NotFound,
                "The Secret for the grant is there, and the operator has not said whether a grant is in it."
            ),
        };
    }

    // A grant is taken out of the cluster that it leaves while the connection there is suspended. A connection of the cluster where it is
    // to arrive may be suspended, too, and has had none.
    private static bool HadAGrant(DoctorCase subject) =>
        subject.Connection is { Spec.Suspend: true, Status.Authorization.Sequence: not null };

    // With Retain a move may be half done, and a grant that is restored here then would be used twice: the remedies of the cause wait.
    private static LinkFinding TakenOut(DoctorCase subject, string cause) =>
        subject.Connection.Spec.Authorization.DeletionPolicy == GrantDeletionPolicy.Retain
            ? LinkFinding.Broken(
                Reason.ConsentRequired,
                $"There is no grant here that can be used. If it is being moved to another cluster, do not put it back: go on with "
                    + $"{Guide}. Once the connection is Ready there, delete this connection and Secret "
                    + $"{subject.Connection.GrantSecretName().Name} (step 5). If it is not moved, set spec.suspend to false, and look "
                    + "again."
            )
        : Lacking(
            subject,
            Reason.ConsentRequired,
            $"{cause} If the grant was moved to another cluster, delete this connection and Secret "
                + $"{subject.Connection.GrantSecretName().Name}, once it is Ready there: {Guide}, step 5. If it was not, set "
                + "spec.suspend to false."
        );

    private static string Moving(DoctorCase subject) =>
        (subject.Connection.Spec.Suspend, subject.Connection.Spec.Authorization.DeletionPolicy) switch
        {
            (false, _) => string.Empty,
            (true, GrantDeletionPolicy.Retain) => $" It can be moved to another cluster if step 2 of {Guide} says true.",
            _ => $" To move it to another cluster, set spec.authorization.deletionPolicy to Retain first: {Guide}, step 1.",
        };

    private static LinkFinding Lacking(DoctorCase subject, string reason, string cause) =>
        LinkFinding.Broken(reason, $"{cause} {Consent(subject)}");

    private static string Consent(DoctorCase subject) =>
        $"Have a person consent: {subject.Tools.Called} connect {subject.Name}{subject.SourceOptions}";
}
