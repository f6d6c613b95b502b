using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Cli.Status;
using VismaOperator.Clients;
using VismaOperator.Publishing;

namespace VismaOperator.Cli.Doctor;

/// <summary>The Secret that applications read: whose it is, and who does not notice that it changes.</summary>
internal static class SecretLinks
{
    private const int MostNamed = 5;
    private const string HashLabel = "pod-template-hash";

    private static readonly string[] ended = ["Succeeded", "Failed"];

    /// <summary>The Secret is the connection's.</summary>
    public static async Task<LinkFinding> OwnershipAsync(DoctorCase subject, CancellationToken stop)
    {
        var name = subject.Connection.SecretName();
        if (subject.Client is { } client && CredentialReader.ReferencesOf(client).Contains(name))
        {
            return LinkFinding.Broken(SecretOwnership.HoldsCredentials(name, client.Metadata.NamespacedName.ToString()));
        }

        var look = await subject.Source.FindAsync<SecretMetadata>(name, stop);
        return look switch
        {
            { Failure: { } failure } => LinkFinding.Unknown(failure),
            _ when NotWritten(subject) is { } refused => refused,
            { Found: null } when subject.Connection.Status.Token is not null => LinkFinding.Broken(
                DoctorReason.TokenSecretMissing,
                $"Secret {name} does not exist, although a token was published. Where the operator runs it puts it back within seconds: "
                    + "see Operator and Status."
            ),
            { Found: null } => LinkFinding.Skipped(DoctorReason.NotFound, $"Secret {name} has not been written yet."),
            { Found.Metadata: { } secret } when SecretOwnership.IsOurs(secret, subject.Connection) => LinkFinding.Ok(
                $"Secret {name} belongs to this connection."
            ),
            { Found.Metadata: { } secret } when SecretOwnership.IsOffered(secret, subject.Connection) => LinkFinding.Ok(
                $"Secret {name} is lent to this connection by its owner."
            ),
            { Found.Metadata: { } secret } => LinkFinding.Broken(SecretOwnership.NotOwned(secret, subject.Connection)),
        };
    }

    // A quota, a webhook or a policy lets nobody ask beforehand; the operator has tried.
    private static LinkFinding? NotWritten(DoctorCase subject) =>
        subject.Connection.Status.Failure is { Reason: { } reason } failure
        && RecordedProblem.StageOf(failure.Stage, reason) == FailureStage.Writing
        && ConnectionStatus.Of(subject.Connection, subject.Now) is var entry
        && entry.Reason == reason
            ? new LinkFinding(entry.Broken ? LinkOutcome.Broken : LinkOutcome.Warning, reason, entry.Message)
            : null;

    /// <summary>Every Pod that reads the Secret notices a new token.</summary>
    public static async Task<LinkFinding> ReadersAsync(DoctorCase subject, CancellationToken stop)
    {
        var secret = subject.Connection.SecretName();
        var pods = await subject.Source.ListAsync<Pod>(new ResourceSelector(secret.Namespace), stop);
        if (pods.Failure is { } failure)
        {
            return LinkFinding.Unknown(failure);
        }

        var running = pods.Found.Where(pod => !ended.Contains(pod.Status.Phase)).ToList();
        var restarted = (subject.Connection.Spec.Restart ?? []).Select(workload => $"{workload.Kind} {workload.Name}").ToHashSet();
        var stale = running
            .Select(pod => (Owner: OwnerOf(pod), Ways: WaysOf(pod.Spec, secret.Name).Distinct().ToList()))
            .Where(reader => reader.Ways.Count > 0)
            .GroupBy(reader => reader.Owner)
            .ToLookup(
                group => restarted.Contains(group.Key),
                group => $"{group.Key} ({string.Join(", ", group.SelectMany(reader => reader.Ways).Distinct())})"
            );
        var mounting = running.Count(pod => VolumesOf(pod.Spec, secret.Name).Count > 0);
        var left = stale[false].Order(StringComparer.Ordinal).ToList();
        var covered = stale[true].Order(StringComparer.Ordinal).ToList();
        return left.Count > 0
            ? LinkFinding.Warning(
                DoctorReason.ReaderKeepsOldToken,
                $"Secret {secret.Name} is read once, as the Pod starts, by {Some(left)}. They keep the token of then, which expires. Mount "
                    + "the Secret as a volume without subPath and read the file for each request, or have them restarted with each "
                    + "changed token: spec.restart."
            )
            : LinkFinding.Ok(
                (
                    covered.Count == 0
                        ? $"No Pod reads Secret {secret.Name} by env or subPath"
                        : $"Only what spec.restart names reads Secret {secret.Name} by env or subPath: {Some(covered)}"
                ) + $"; Pods that mount it as a volume: {mounting}."
            );
    }

    private static string Some(List<string> readers) =>
        string.Join("; ", readers.Take(MostNamed))
        + (readers.Count > MostNamed ? $"; and {readers.Count - MostNamed} more" : string.Empty);

    /// <summary>True for Pods that read the Secret, however they do.</summary>
    public static bool Reads(PodSpec pod, string secret) => VolumesOf(pod, secret).Count > 0 || WaysOf(pod, secret).Any();

    // How Pods read the Secret without noticing that it changes.
    private static IEnumerable<string> WaysOf(PodSpec pod, string secret)
    {
        var volumes = VolumesOf(pod, secret);
        foreach (var container in pod.InitContainers.Concat(pod.Containers))
        {
            if (
                container.Env.Any(variable => variable.ValueFrom?.SecretKeyRef?.Name == secret)
                || container.EnvFrom.Any(source => source.SecretRef?.Name == secret)
            )
            {
                yield return "env";
            }

            if (
                container.VolumeMounts.Any(mount =>
                    volumes.Contains(mount.Name) && (mount.SubPath is { Length: > 0 } || mount.SubPathExpr is { Length: > 0 })
                )
            )
            {
                yield return "subPath";
            }
        }
    }

    private static HashSet<string> VolumesOf(PodSpec pod, string secret) =>
        [
            .. pod
                .Volumes.Where(volume =>
                    volume.Secret?.SecretName == secret
                    || volume.Projected?.Sources.Any(source => source.Secret?.Name == secret) == true
                )
                .Select(volume => volume.Name),
        ];

    // A Deployment names its ReplicaSets by the hash of the template.
    private static string OwnerOf(Pod pod)
    {
        var owner = (pod.Metadata.OwnerReferences ?? []).FirstOrDefault(one => one.Controller == true);
        return (owner, pod.Metadata.Label(HashLabel)) switch
        {
            (null, _) => $"Pod {pod.Metadata.Name}",
            ({ Kind: "ReplicaSet" }, { } hash) when owner.Name.EndsWith($"-{hash}", StringComparison.Ordinal) =>
                $"Deployment {owner.Name[..^(hash.Length + 1)]}",
            _ => $"{owner.Kind} {owner.Name}",
        };
    }
}
