using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.InMemory;
using Kubernetes.Client.Resources;
using VismaOperator.OAuthClients;
using VismaOperator.VismaConnections;

namespace VismaOperator.Local;

/// <summary>
/// Keeps in files what must survive a restart: both custom resources with their statuses, and the Secrets that the
/// operator wrote. A change is on the disk before anyone can see it, so what was published once is never asked for again.
/// Secrets that come from manifests are not kept: they would only be a second copy of a credential.
/// </summary>
internal sealed class StateJournal(StateDirectory directory, Action changed) : IClusterJournal
{
    private const string NewSuffix = ".new";
    private static readonly ResourceKind[] Kinds = [OAuthClient.ResourceKind, VismaConnection.ResourceKind, Secret.ResourceKind];

    /// <summary>Everything that was kept, for <see cref="InMemoryCluster.Restore"/>.</summary>
    /// <exception cref="LocalException">A file is damaged.</exception>
    public IEnumerable<(ResourceKind Kind, JsonObject Json)> ReadAll() =>
        from kind in Kinds
        let folder = Path.Combine(directory.Path, kind.Plural)
        where Directory.Exists(folder)
        from file in Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        select (kind, Read(file));

    /// <inheritdoc/>
    public void Write(ClusterObject written)
    {
        if (IsKept(written))
        {
            var path = PathOf(written);
            UnixFiles.CreatePrivateDirectory(Path.GetDirectoryName(path)!);
            File.Delete(path + NewSuffix);
            UnixFiles.WriteNew(path + NewSuffix, written.Json.Span);
            UnixFiles.Rename(path + NewSuffix, path);
            UnixFiles.FlushDirectory(Path.GetDirectoryName(path)!);
        }

        changed();
    }

    /// <inheritdoc/>
    public void Delete(ClusterObject deleted)
    {
        var path = PathOf(deleted);
        if (Kinds.Contains(deleted.Kind) && File.Exists(path))
        {
            File.Delete(path);
            UnixFiles.FlushDirectory(Path.GetDirectoryName(path)!);
        }

        changed();
    }

    private static JsonObject Read(string file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(file))!.AsObject();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new LocalException($"{file} is damaged. Delete it: what it kept is asked for again.", exception);
        }
    }

    private static bool IsKept(ClusterObject written) =>
        Kinds.Contains(written.Kind) && (written.Kind != Secret.ResourceKind || IsOperators(written));

    private static bool IsOperators(ClusterObject secret) =>
        JsonNode.Parse(secret.Json.Span)?["metadata"]?["labels"]?[VismaNames.SecretLabel] is not null;

    private string PathOf(ClusterObject kept) =>
        Path.Combine(directory.Path, kept.Kind.Plural, SafeNames.Directory(kept.Name.Namespace), SafeNames.Directory(kept.Name.Name) + ".json");
}
