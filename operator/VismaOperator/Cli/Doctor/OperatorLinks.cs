using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Doctor;

/// <summary>The operator in its cluster: its Pods, its permissions, its way out.</summary>
internal static class OperatorLinks
{
    /// <summary>The labels that the chart gives its Pods.</summary>
    public const string Labels = "app.kubernetes.io/name=visma-operator,app.kubernetes.io/component=operator";

    private static readonly string[] ended = ["Succeeded", "Failed"];

    /// <summary>A Pod of the operator is ready and serves the namespace.</summary>
    public static async Task<LinkFinding> OperatorAsync(DoctorCase subject, CancellationToken stop)
    {
        var account = subject.Options.ServiceAccount;
        var pods = await subject.Source.ListAsync<Pod>(new ResourceSelector(account?.Namespace, Labels), stop);
        var running = pods
            .Found.Where(pod => !ended.Contains(pod.Status.Phase) && (account is null || NamedAccount(pod) == account))
            .OrderBy(pod => pod.Metadata.NamespacedName.ToString(), StringComparer.Ordinal)
            .ToList();
        subject.OperatorPods = [.. running.Where(pod => ServedBy(pod)?.Contains(subject.Name.Namespace) != false)];
        return (pods.Failure, running.Count, subject.OperatorPods.Count) switch
        {
            ({ } failure, _, _) when account is null => LinkFinding.Unknown(
                failure.Reason,
                failure.Reason == DoctorReason.Forbidden
                    ? "You may not list the operator's Pods in all namespaces. Say where it is: --service-account NAMESPACE/NAME"
                    : failure.Message
            ),
            ({ } failure, _, _) => LinkFinding.Unknown(failure),
            (_, 0, _) => LinkFinding.Unknown(
                DoctorReason.NotFound,
                $"There is no Pod with the labels {Labels} {(account is null ? "in any namespace" : $"of service account {account}")}. See "
                    + "that the operator is installed and runs; its labels may differ (nameOverride of the chart)."
            ),
            (_, _, 0) => LinkFinding.Broken(
                Reason.NamespaceNotServed,
                $"The operator ({Named(running)}) serves the namespaces {string.Join(", ", running.SelectMany(ServedOf).Distinct())} only. "
                    + $"Add {subject.Name.Namespace} to its option --namespaces (namespaces in the values of the chart)."
            ),
            _ => OfServing(subject.OperatorPods),
        };
    }

    private static LinkFinding OfServing(IReadOnlyList<Pod> pods)
    {
        var accounts = pods.Select(NamedAccount).Distinct().ToList();
        return pods.Count(IsReady) switch
        {
            0 => LinkFinding.Broken(
                DoctorReason.OperatorNotReady,
                $"No Pod of the operator is ready ({Named(pods)}): nothing is renewed. See its log: kubectl -n "
                    + $"{pods[0].Metadata.Namespace} logs {pods[0].Metadata.Name}"
            ),
            _ when accounts.Count > 1 => LinkFinding.Warning(
                DoctorReason.SeveralOperators,
                $"{accounts.Count} operators serve this namespace ({string.Join(", ", accounts)}): each renews the token, and one undoes "
                    + "what the other writes. Keep one, or list other namespaces for one of them."
            ),
            var ready => LinkFinding.Ok($"{ready} of {pods.Count} Pods are ready: {Named(pods)}."),
        };
    }

    /// <summary>The operator's service account may do what this connection or set takes.</summary>
    public static async Task<LinkFinding> PermissionsAsync(DoctorCase subject, CancellationToken stop)
    {
        if (AccountOf(subject) is not { } account)
        {
            return LinkFinding.Unknown(
                DoctorReason.NotFound,
                "The operator's service account is not known. Name it: --service-account NAMESPACE/NAME"
            );
        }

        var range = await RangeAsync(subject, account, stop);
        IReadOnlyList<ResourceAttributes> needed =
        [
            .. OperatorPermissions.For(
                subject.Name.Namespace,
                subject.ClientName?.Namespace ?? subject.Name.Namespace,
                subject.CopyNamespaces,
                range
            ),
            .. subject.Set is null ? [] : OperatorPermissions.OfSets(subject.Name.Namespace),
            .. subject.OperatorPods.Any(pod => PodOptions.Switch(pod, "leader-elect") == false)
                ? []
                : OperatorPermissions.OfLeader(account.Namespace),
        ];
        List<string> missing = [];
        foreach (var access in needed)
        {
            var answer = await subject.Source.MayAsync(SpecOf(account, access), stop);
            if (answer.Failure is { } failure)
            {
                return failure.Reason != DoctorReason.Forbidden
                    ? LinkFinding.Unknown(failure)
                    : LinkFinding.Unknown(
                        failure.Reason,
                        $"You may not ask what service account {account} may do. Have a ClusterRole with the verb create on "
                            + "subjectaccessreviews.authorization.k8s.io bound to your account, or ask an administrator."
                    );
            }

            if (!answer.IsYes)
            {
                missing.Add(OperatorPermissions.Words(access));
            }
        }

        return missing.Count == 0
            ? LinkFinding.Ok($"Service account {account} may do all that this {What(subject)} takes ({needed.Count} permissions).")
            : LinkFinding.Broken(
                DoctorReason.PermissionMissing,
                $"Service account {account} may not {string.Join("; ", missing)}. Give it a Role as the chart has it: rbac.create, "
                    + $"{(subject.Set is null ? string.Empty : "connectionSets.enabled, ")}and where it serves listed namespaces, each "
                    + "of these among them (namespaces in the values)."
            );
    }

    private static string What(DoctorCase subject) => subject.Set is null ? "connection" : "set";

    // Where its Pods are not seen, what it may do of namespaces shows which of the chart's roles it has.
    private static async Task<NamespaceRange> RangeAsync(DoctorCase subject, NamespacedName account, CancellationToken stop)
    {
        if (subject.OperatorPods is [var pod, ..])
        {
            return ServedBy(pod) is null ? NamespaceRange.All : NamespaceRange.One;
        }

        var own = OperatorPermissions.For(subject.Name.Namespace, subject.Name.Namespace, [], NamespaceRange.One)[^1];
        return await subject.Source.MayAsync(SpecOf(account, own), stop) is { IsYes: true } ? NamespaceRange.One : NamespaceRange.All;
    }

    /// <summary>No NetworkPolicy limits what the operator reaches, as far as can be seen.</summary>
    public static async Task<LinkFinding> NetworkPolicyAsync(DoctorCase subject, CancellationToken stop)
    {
        if (subject.OperatorPods is not [var pod, ..])
        {
            return LinkFinding.Unknown(DoctorReason.NotFound, "The operator's Pods are not known, so neither are the policies for them.");
        }

        var policies = await subject.Source.ListAsync<NetworkPolicy>(new ResourceSelector(pod.Metadata.Namespace), stop);
        var limiting = policies.Found.Where(policy => policy.LimitsEgressOf(pod.Metadata)).Select(policy => policy.Metadata.Name).ToList();
        return (policies.Failure, limiting.Count) switch
        {
            ({ } failure, _) => LinkFinding.Unknown(failure),
            (_, 0) => LinkFinding.Ok($"No NetworkPolicy in namespace {pod.Metadata.Namespace} limits what the operator reaches."),
            _ => LinkFinding.Unknown(
                DoctorReason.EgressLimited,
                $"NetworkPolicy {string.Join(", ", limiting)} in namespace {pod.Metadata.Namespace} limits what the operator reaches. See "
                    + "that it lets DNS, the API server and "
                    + $"{(subject.Client is null ? "the provider" : subject.Provider.Authority)} through; that cannot be tried from here."
            ),
        };
    }

    /// <summary>The namespaces that a Pod of the operator is told to serve; null for all.</summary>
    private static IReadOnlyList<string>? ServedBy(Pod pod) => PodOptions.List(pod, "namespaces") is [_, ..] listed ? listed : null;

    private static bool IsReady(Pod pod) => pod.Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" });

    /// <summary>The operator's service account; null where it is not known.</summary>
    public static NamespacedName? AccountOf(DoctorCase subject) =>
        subject.Options.ServiceAccount
        ?? (
            subject.OperatorPods is [{ Spec.ServiceAccountName: { } name } pod, ..]
                ? new NamespacedName(pod.Metadata.Namespace ?? string.Empty, name)
                : null
        );

    private static NamespacedName NamedAccount(Pod pod) =>
        new(pod.Metadata.Namespace ?? string.Empty, pod.Spec.ServiceAccountName ?? "default");

    private static string Named(IEnumerable<Pod> pods) => string.Join(", ", pods.Select(pod => pod.Metadata.NamespacedName.ToString()));

    private static IEnumerable<string> ServedOf(Pod pod) => ServedBy(pod) ?? [];

    /// <summary>The question whether an account may do something.</summary>
    public static SubjectAccessReviewSpec SpecOf(NamespacedName account, ResourceAttributes access) =>
        new()
        {
            User = $"system:serviceaccount:{account.Namespace}:{account.Name}",
            Groups = ["system:serviceaccounts", $"system:serviceaccounts:{account.Namespace}", "system:authenticated"],
            ResourceAttributes = access,
        };
}
