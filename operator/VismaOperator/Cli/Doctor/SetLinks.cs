using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Status;
using VismaOperator.Clients;
using VismaOperator.Hosting;
using VismaOperator.Sets;

namespace VismaOperator.Cli.Doctor;

/// <summary>A set of connections: why it makes none, or not those that are expected. Each connection has a chain of its own.</summary>
internal static class SetLinks
{
    private const string Switch = "connection-sets";
    private const int MostTold = 3;

    /// <summary>The links of a set.</summary>
    public static IReadOnlyList<DoctorLink> Links { get; } =
    [
        new("set", "Set", SetAsync),
        new("tenants", "Tenants", TenantsAsync) { Needs = ["set"], HasRead = subject => subject.Tenants is not null },
        new("template", "Template", TemplateAsync) { Needs = ["tenants"] },
        new("client", "Client", ClientAsync) { Needs = ["set"] },
        new("operator", "Operator", OperatorLinks.OperatorAsync) { IsOfCluster = true },
        new("connectionSets", "Sets served", ServedAsync) { Needs = ["operator"], IsOfCluster = true },
        new("permissions", "Permissions", OperatorLinks.PermissionsAsync) { IsOfCluster = true },
        new("connections", "Connections", ConnectionsAsync) { IsOfStatus = true },
        new("status", "Status", StatusLinks.StatusAsync) { IsOfStatus = true },
    ];

    /// <summary>A set that is looked at.</summary>
    public static DoctorCase CaseOf(VismaConnectionSet set, DoctorOptions options, DoctorTools tools)
    {
        var tenant = set.Spec.Tenants is [var first, ..] ? first : new SetTenant { Name = "tenant", TenantId = Guid.Empty.ToString() };
        return new(SetConnections.Render(set, [tenant])[0], options, tools) { Set = set };
    }

    private static Task<LinkFinding> SetAsync(DoctorCase subject, CancellationToken stop)
    {
        var set = subject.Set!;
        return Task.FromResult(
            VismaConnectionSetRules.Check(set) is [var broken, ..]
                ? LinkFinding.Broken(broken.Reason, $"{broken.Path}: {broken.Message}.")
            : set.Metadata.DeletionTimestamp is not null
                ? LinkFinding.Warning(StatusReason.Terminating, $"VismaConnectionSet {subject.Name} is being deleted.")
            : LinkFinding.Ok("The spec is valid.")
        );
    }

    private static async Task<LinkFinding> TenantsAsync(DoctorCase subject, CancellationToken stop)
    {
        var spec = subject.Set!.Spec;
        if (spec.TenantsFrom is not { } source)
        {
            subject.Tenants = spec.Tenants ?? [];
            return LinkFinding.Ok($"The set lists {subject.Tenants.Count}.");
        }

        return source.ConfigMapKeyRef is { } reference
            ? await InConfigMapAsync(subject, reference, stop)
            : await AtNamespacesAsync(subject, source, stop);
    }

    private static async Task<LinkFinding> InConfigMapAsync(DoctorCase subject, ConfigMapKeyReference reference, CancellationToken stop)
    {
        var name = new NamespacedName(subject.Name.Namespace, reference.Name);
        var look = await subject.Source.FindAsync<ConfigMap>(name, stop);
        if (look.Failure is { } failure)
        {
            return LinkFinding.Unknown(failure);
        }

        switch (TenantSource.Read(name, look.Found, reference.Key))
        {
            case TenantList.Unknown unknown:
                return LinkFinding.Broken(unknown.Problem);
            case TenantList.Known list:
                subject.Tenants = list.Tenants;
                return LinkFinding.Ok($"Key {reference.Key} of ConfigMap {name} lists {list.Tenants.Count}.");
            default:
                throw new InvalidOperationException();
        }
    }

    // Which of them may name their tenant, and whether two name the same, is in the operator's status.
    private static async Task<LinkFinding> AtNamespacesAsync(DoctorCase subject, TenantsSource source, CancellationToken stop)
    {
        var namespaces = await subject.Source.ListAsync<Namespace>(ResourceSelector.All, stop);
        if (namespaces.Failure is { } failure)
        {
            return LinkFinding.Unknown(failure);
        }

        var selected = namespaces
            .Found.Where(item => item.Metadata.DeletionTimestamp is null && source.NamespaceSelector!.Matches(item.Metadata.Labels))
            .ToList();
        subject.Tenants =
        [
            .. selected
                .Select(item => new SetTenant
                {
                    Name = item.Metadata.Name,
                    TenantId = item.Metadata.Annotation(source.Annotation!) ?? string.Empty,
                })
                .Where(tenant => Patterns.Guid.IsMatch(tenant.TenantId)),
        ];
        var without = selected.Count - subject.Tenants.Count;
        return (selected.Count, without) switch
        {
            (0, _) => LinkFinding.Broken(
                Reason.TenantsNotFound,
                "No namespace has the labels of spec.tenantsFrom.namespaceSelector: label the namespaces, or correct the selector."
            ),
            (_, > 0) => LinkFinding.Warning(
                Reason.TenantsInvalid,
                $"{without} of {selected.Count} namespaces have no annotation {source.Annotation} with the tenant id, a GUID."
            ),
            _ => LinkFinding.Ok($"{selected.Count} namespaces are tenants."),
        };
    }

    private static Task<LinkFinding> TemplateAsync(DoctorCase subject, CancellationToken stop)
    {
        var broken = SetConnections.Render(subject.Set!, subject.Tenants!)
            .Select(connection => (
                Tenant: connection.Metadata.Label(VismaNames.TenantLabel),
                Errors: SetConnections.Check(connection, subject.Options.AllowLists)
            ))
            .Where(one => one.Errors.Count > 0)
            .ToList();
        if (broken is not [var (tenant, errors), ..])
        {
            return Task.FromResult(LinkFinding.Ok($"It makes a valid connection for each of {subject.Tenants!.Count} tenants."));
        }

        // The operator may have other options than this process.
        var isOfOptions = SpecLinks.DependsOnOptions(errors[0].Reason);
        var words = $"{errors[0].Path} (tenant {tenant}): {errors[0].Message}. So for {broken.Count} of {subject.Tenants!.Count} tenants."
            + (isOfOptions ? $" This is by the options of {subject.Tools.Called} doctor: give it those of the operator." : string.Empty);
        return Task.FromResult(
            isOfOptions ? LinkFinding.Unknown(errors[0].Reason, words) : LinkFinding.Broken(errors[0].Reason, words)
        );
    }

    // What is said of the one tenant that stands for all is said of each instead.
    private static async Task<LinkFinding> ClientAsync(DoctorCase subject, CancellationToken stop)
    {
        if (subject.ClientName is null)
        {
            return LinkFinding.Unknown(
                DoctorReason.NotFound,
                "spec.template.spec.oauthClientRef names the tenant, and no tenant is known."
            );
        }

        var finding = await SpecLinks.ClientAsync(subject, stop);
        if (subject.Client is not { } client || (finding.Outcome != LinkOutcome.Ok && finding.Reason != Reason.TenantNotAllowed))
        {
            return finding;
        }

        var (set, name) = (subject.Set!, client.Metadata.NamespacedName);
        if (set.Spec.TenantsFrom?.NamespaceSelector is not null && client.Spec.Tenants is null)
        {
            return LinkFinding.Broken(
                Reason.ClientNotAvailable,
                $"OAuthClient {name} has no list of tenants (spec.tenants), which tenants from namespaces need. Have its owner list the "
                    + "tenants."
            );
        }

        var connections = SetConnections.Render(set, subject.Tenants ?? []);
        var refused = connections
            .Where(connection => connection.ClientName() == name && !ClientResolver.IsTenantAllowed(client.Spec.Tenants, connection))
            .ToList();
        var isShared = connections.All(connection => connection.ClientName() == name);
        var served = isShared ? "this set" : "the first tenant; those of the others were not looked at";
        var ofAll = isShared ? $"of {subject.Tenants?.Count} tenants" : "of the tenants that name it";
        return refused is [var first, ..]
            ? LinkFinding.Broken(
                Reason.TenantNotAllowed,
                $"OAuthClient {name} does not serve {refused.Count} {ofAll} (first {first.Spec.TenantId}) with these scopes to namespace "
                    + $"{subject.Name.Namespace}. Ask its owner to add them to spec.tenants."
            )
            : LinkFinding.Ok($"OAuthClient {name} serves {served}. Issuer {client.Spec.Issuer}.");
    }

    // A variable whose value is kept elsewhere shows only in what the operator did.
    private static Task<LinkFinding> ServedAsync(DoctorCase subject, CancellationToken stop)
    {
        var isObserved = subject.Set!.Status.ObservedGeneration == subject.Set.Metadata.Generation;
        return Task.FromResult(
            subject.OperatorPods.Count == 0
                ? LinkFinding.Unknown(DoctorReason.NotFound, "The operator's Pods are not known, so neither is whether they serve sets.")
            : subject.OperatorPods.Any(pod => PodOptions.Switch(pod, Switch) == true)
                ? LinkFinding.Ok($"The operator's Pod switches sets on (--{Switch}).")
            : isObserved
                ? LinkFinding.Unknown(
                    DoctorReason.SetsNotServed,
                    $"The operator's Pod switches sets on neither by --{Switch} nor by a value of {Product.VariableOf(Switch)}, and the "
                        + "operator has looked at this set: the variable is set from elsewhere (a ConfigMap), or sets are not served any "
                        + "more."
                )
            : LinkFinding.Broken(
                DoctorReason.SetsNotServed,
                $"The operator's Pod switches sets on neither by --{Switch} nor by a value of {Product.VariableOf(Switch)}, so it serves "
                    + "none. Set connectionSets.enabled to true in the values of the chart."
            )
        );
    }

    private static Task<LinkFinding> ConnectionsAsync(DoctorCase subject, CancellationToken stop)
    {
        var status = subject.Set!.Status;
        var failures = status.Failures ?? [];
        var told = failures.Take(MostTold).Select(failure => $"{failure.Name}: {failure.Reason}: {failure.Message}").ToList();
        var words = $"{status.Connections ?? 0} are there, {status.Ready ?? 0} of them Ready.";
        var more = failures.Count > told.Count
            ? $" And {failures.Count - told.Count} more in status."
            : string.Empty;
        return Task.FromResult(
            status.Connections is null ? LinkFinding.Skipped(DoctorReason.NotFound, "The operator has not counted them yet.")
            : failures is not [var first, ..] ? LinkFinding.Ok(words)
            : LinkFinding.Warning(
                first.Reason,
                $"{words} {string.Join(" ", told)}{more} One in detail: {subject.Tools.Called} doctor "
                    + $"{subject.Name.Namespace}/{first.Name}{subject.SourceOptions}"
            )
        );
    }
}
