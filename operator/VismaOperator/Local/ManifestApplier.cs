using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Publishing;
using VismaOperator.Sets;

namespace VismaOperator.Local;

/// <summary>
/// Brings the cluster to what the manifests hold, in the order in which a person would: namespaces, credentials, clients,
/// connections, sets. Custom resources that were kept from an earlier run count as applied then, so that a manifest removed while
/// nothing ran takes its connection and its token away at the next start; a connection with the label of a set stays then.
/// </summary>
internal sealed partial class ManifestApplier(IKubernetesClient cluster, ILogger<ManifestApplier> log)
{
    private const string NamespaceNameLabel = "kubernetes.io/metadata.name"; // set by the API server on every namespace

    private readonly HashSet<NamespacedName> toldOfRestarts = [];
    private HashSet<NamespacedName> secrets = [];
    private HashSet<NamespacedName> connections = [];
    private int changes;

    /// <summary>Creates, replaces and (where asked for) deletes. Answers how many objects changed.</summary>
    public async Task<int> ApplyAsync(ManifestObjects manifests, Absent absent, CancellationToken cancellationToken)
    {
        changes = 0;
        var former = absent == Absent.Deleted ? await NamesAsync<Namespace>(cancellationToken) : [];
        await PutAllAsync(Namespaces(manifests, former.Select(name => name.Name)), cancellationToken);
        changes = Math.Min(changes, manifests.Namespaces.Count); // a namespace that no manifest holds is not counted
        await PutAllAsync(manifests.Secrets, cancellationToken);
        await PutAllAsync(manifests.Clients, cancellationToken);
        await PutAllAsync(manifests.Connections, cancellationToken);
        TellOfRestarts(manifests.Connections);
        await PutAllAsync(manifests.ConfigMaps, cancellationToken);
        await PutAllAsync(manifests.Sets, cancellationToken);
        if (absent == Absent.Deleted)
        {
            await DeleteAbsentAsync(manifests, cancellationToken);
        }

        return changes;
    }

    // Logged once: a manifest that is meant for a cluster is no mistake.
    private void TellOfRestarts(IEnumerable<VismaConnection> connections)
    {
        foreach (var connection in connections)
        {
            if (connection.Spec.Restart is { Count: > 0 } && toldOfRestarts.Add(connection.Metadata.NamespacedName))
            {
                LogRestartsIgnored(connection.Metadata.NamespacedName);
            }
        }
    }

    // A namespace that no manifest declares any more has no labels any more: what they allowed is not allowed any more.
    private static IEnumerable<Namespace> Namespaces(ManifestObjects manifests, IEnumerable<string> former)
    {
        // Of two with one name the last one wins, as with kubectl apply.
        var named = new Dictionary<string, Namespace>(StringComparer.Ordinal);
        foreach (var item in manifests.Namespaces)
        {
            named[item.Metadata.Name] = item;
        }

        var used = manifests.Secrets.Select(item => item.Metadata)
            .Concat(manifests.Clients.Select(item => item.Metadata))
            .Concat(manifests.Connections.Select(item => item.Metadata))
            .Concat(manifests.ConfigMaps.Select(item => item.Metadata))
            .Concat(manifests.Sets.Select(item => item.Metadata));
        foreach (var name in used.Select(metadata => metadata.NamespacedName.Namespace).Concat(former))
        {
            named.TryAdd(name, new Namespace { Metadata = new ObjectMeta { Name = name } });
        }

        return named.Values.Select(WithNameLabel);
    }

    private static Namespace WithNameLabel(Namespace item)
    {
        var labels = new Dictionary<string, string>(
            item.Metadata.Labels ?? new Dictionary<string, string>(StringComparer.Ordinal),
            StringComparer.Ordinal
        )
        {
            [NamespaceNameLabel] = item.Metadata.Name,
        };
        return item with
        {
            Metadata = new ObjectMeta
            {
                Name = item.Metadata.Name,
                Labels = labels,
                Annotations = item.Metadata.Annotations,
            },
        };
    }

    private async Task PutAllAsync<T>(IEnumerable<T> desired, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        foreach (var resource in desired)
        {
            try
            {
                while (!await TryPutAsync(resource, cancellationToken))
                {
                    // Changed since it was read: read again.
                }
            }
            catch (KubernetesException exception)
            {
                LogRefused(T.ResourceKind.Kind, resource.Metadata.NamespacedName, exception.Message);
            }
        }
    }

    // A custom resource is replaced at a version, and the operator may have written its status since.
    private async Task<bool> TryPutAsync<T>(T desired, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        try
        {
            await PutAsync(desired, cancellationToken);
            return true;
        }
        catch (KubernetesException exception) when (exception.IsConflict)
        {
            return false;
        }
    }

    private async Task PutAsync<T>(T desired, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var name = desired.Metadata.NamespacedName;
        var current = await cluster.FindAsync<T>(name, cancellationToken);
        if (current is null)
        {
            await cluster.CreateAsync(desired.WithMetadata(Wanted(desired.Metadata)), cancellationToken);
            changes++;
        }
        else if (Merged(desired, current) is { } merged)
        {
            // Equal content changes nothing.
            var written = await cluster.ReplaceAsync(merged, cancellationToken);
            changes += written.Metadata.ResourceVersion == current.Metadata.ResourceVersion ? 0 : 1;
        }
        else
        {
            LogOperatorsSecret(name);
        }
    }

    // The manifest always wins, as kubectl apply would have it; but a Secret of the operator is the manifest's only where it is lent.
    private static T? Merged<T>(T desired, T current)
        where T : class, IResource<T>
    {
        if (current is Secret published && published.Metadata.Label(VismaNames.SecretLabel) is not null)
        {
            return TokenSecret.WithManifest(published, (desired as Secret)!) as T;
        }

        return desired.WithMetadata(
            current.Metadata with { Labels = desired.Metadata.Labels, Annotations = desired.Metadata.Annotations }
        );
    }

    private static ObjectMeta Wanted(ObjectMeta manifest) =>
        new() { Name = manifest.Name, Namespace = manifest.Namespace, Labels = manifest.Labels, Annotations = manifest.Annotations };

    private async Task DeleteAbsentAsync(ManifestObjects manifests, CancellationToken cancellationToken)
    {
        await DeleteAbsentAsync(manifests.Sets, await NamesAsync<VismaConnectionSet>(cancellationToken), cancellationToken);
        await DeleteAbsentAsync(manifests.ConfigMaps, await NamesAsync<ConfigMap>(cancellationToken), cancellationToken);
        // One of a manifest may have the label of a set, as a copy of what kubectl prints has. A set of the manifests keeps its own.
        var written = await NamesAsync<VismaConnection>(
            cancellationToken,
            connection =>
                (IsOfNoSet(connection) || connections.Contains(connection.NamespacedName))
                && !manifests.Sets.Any(set => SetConnections.HasLabelsOf(connection, set))
        );
        await DeleteAbsentAsync(manifests.Connections, written, cancellationToken);
        connections = Names(manifests.Connections);
        await DeleteAbsentAsync(manifests.Clients, await NamesAsync<OAuthClient>(cancellationToken), cancellationToken);
        var lent = await NamesAsync<SecretMetadata>(cancellationToken, TokenSecret.IsLent);
        await DeleteAbsentAsync(manifests.Secrets, [.. secrets, .. lent], cancellationToken);
        secrets = Names(manifests.Secrets);
    }

    // What a set made is deleted with the set, or stays, as the set says.
    private static bool IsOfNoSet(ObjectMeta connection) => connection.Label(VismaNames.SetLabel) is null;

    private async Task DeleteAbsentAsync<T>(IReadOnlyList<T> wanted, HashSet<NamespacedName> present, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        foreach (var name in present.Except(Names(wanted)))
        {
            if (await cluster.FindAsync<T>(name, cancellationToken) is not null)
            {
                await cluster.DeleteAsync<T>(name, preconditions: null, cancellationToken);
                changes++;
                LogDeleted(T.ResourceKind.Kind, name);
            }
        }
    }

    private async Task<HashSet<NamespacedName>> NamesAsync<T>(
        CancellationToken cancellationToken,
        Func<ObjectMeta, bool>? isWanted = null
    )
        where T : class, IResource<T>
    {
        var items = await cluster.ListAsync<T>(ResourceSelector.All, cancellationToken);
        return [.. Names(items.Where(item => isWanted?.Invoke(item.Metadata) != false))];
    }

    private static HashSet<NamespacedName> Names<T>(IEnumerable<T> resources)
        where T : class, IResource<T> => [.. resources.Select(resource => resource.Metadata.NamespacedName)];

    [LoggerMessage(
        Level = LogLevel.Information,
        EventName = "RestartsIgnored",
        Message = "spec.restart of VismaConnection {Name} is ignored: there are no workloads in local mode, so a program must read the "
            + "token files again itself"
    )]
    private partial void LogRestartsIgnored(NamespacedName name);

    [LoggerMessage(
        Level = LogLevel.Information,
        EventName = "ManifestObjectDeleted",
        Message = "{Kind} {Name} is in no manifest any more and was deleted"
    )]
    private partial void LogDeleted(string kind, NamespacedName name);

    [LoggerMessage(Level = LogLevel.Error, EventName = "ManifestObjectRefused", Message = "{Kind} {Name} was not applied: {Cause}")]
    private partial void LogRefused(string kind, NamespacedName name, string cause);

    [LoggerMessage(
        Level = LogLevel.Error,
        EventName = "OperatorsSecretNotOverwritten",
        Message = "Secret {Name} is in a manifest, but the operator publishes a token under that name. Rename one of them, or lend the "
            + "Secret: label it " + VismaNames.SecretLabel + "=" + VismaNames.TokenSecretValue + " and annotate it "
            + VismaNames.AdoptAnnotation + "=<connection>"
    )]
    private partial void LogOperatorsSecret(NamespacedName name);
}
