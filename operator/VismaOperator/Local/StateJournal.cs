using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Access;
using Kubernetes.Client.Resources;
using Kubernetes.InMemory;
using VismaOperator.Api;

namespace VismaOperator.Local;

/// <summary>
/// Keeps in files what must survive a restart: the custom resources with their statuses, and the Secrets that the
/// operator wrote. A change is on the disk before anyone can see it, so what was published once is never asked for again.
/// Of Secrets that come from manifests only the identity is kept (<see cref="CredentialMarks"/>): their content would be a second copy of a
/// credential.
/// </summary>
internal sealed class StateJournal(StateDirectory directory, Action changed) : IClusterJournal
{
    private static readonly ResourceKind[] kinds =
        [OAuthClient.ResourceKind, VismaConnection.ResourceKind, VismaConnectionSet.ResourceKind, Secret.ResourceKind];

    /// <summary>Names of the folders of a state directory.</summary>
    public static string[] Folders { get; } = [.. kinds.Select(kind => kind.Plural)];

    private readonly CredentialMarks marks = new(directory);

    /// <summary>Deletes what an earlier process left that was cut off while it wrote.</summary>
    public void Sweep()
    {
        foreach (var folder in Folders.Append(CredentialMarks.Folder).Select(name => Path.Combine(directory.Path, name)))
        {
            if (Directory.Exists(folder))
            {
                KeptFile.Sweep(folder);
            }
        }
    }

    /// <summary>Everything that was kept, for <see cref="InMemoryCluster.Restore"/>.</summary>
    /// <exception cref="LocalException">A file is damaged.</exception>
    public IEnumerable<(ResourceKind Kind, JsonObject Json)> ReadAll() =>
        from kind in kinds
        let folder = Path.Combine(directory.Path, kind.Plural)
        where Directory.Exists(folder)
        from file in Directory.EnumerateFiles(folder, StateFiles.Pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        select (kind, KeptFile.Read(file));

    /// <summary>
    /// Credential Secrets as an earlier process stored them, where the manifests still say the same; for
    /// <see cref="InMemoryCluster.Restore"/>.
    /// </summary>
    public IEnumerable<JsonObject> Recall(IEnumerable<Secret> manifests) => manifests.Select(marks.Recall).OfType<JsonObject>();

    /// <inheritdoc/>
    /// <exception cref="ClusterAccessException">The file cannot be written.</exception>
    public void Write(ClusterObject written)
    {
        OnDisk(() =>
        {
            // A Secret that becomes lent moves to the other file, and back. If both stayed, the older one would be restored.
            if (IsCredential(written))
            {
                marks.Write(written);
                KeptFile.Delete(PathOf(written));
            }
            else if (kinds.Contains(written.Kind))
            {
                KeptFile.Write(PathOf(written), written.Json.Span);
                if (written.Kind == Secret.ResourceKind)
                {
                    marks.Delete(written);
                }
            }
        });
        changed();
    }

    /// <inheritdoc/>
    /// <exception cref="ClusterAccessException">The file cannot be deleted.</exception>
    public void Delete(ClusterObject deleted)
    {
        OnDisk(() =>
        {
            if (IsCredential(deleted))
            {
                marks.Delete(deleted);
            }
            else if (kinds.Contains(deleted.Kind))
            {
                KeptFile.Delete(PathOf(deleted));
            }
        });
        changed();
    }

    // For the controllers the folder is the cluster: they wait for a full disk as for an API server that cannot be reached.
    private void OnDisk(Action change)
    {
        try
        {
            change();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ClusterAccessException(
                $"--state {directory.Path} cannot be written: {exception.Message.TrimEnd('.')}. Make room, or let this user write there.",
                exception
            );
        }
    }

    private static bool IsCredential(ClusterObject stored) =>
        stored.Kind == Secret.ResourceKind && JsonNode.Parse(stored.Json.Span)?["metadata"]?["labels"]?[VismaNames.SecretLabel] is null;

    private string PathOf(ClusterObject kept) => StateFiles.Of(directory.Path, kept.Kind, kept.Name);
}
