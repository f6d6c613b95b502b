using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;

namespace VismaOperator.Local;

/// <summary>
/// Publishes every token Secret of the cluster, and every copy of one, as a folder <c>OUT/NAMESPACE/SECRET</c>, and takes away what is no
/// longer there. It looks at the files as well as at the cluster, so that a file that somebody changed or deleted comes back.
/// </summary>
internal sealed partial class SecretFolders(
    IKubernetesClient cluster,
    string output,
    Wakeup changed,
    TimeProvider time,
    ILogger<SecretFolders> log
)
{
    /// <summary>Changed files are repaired within 2 s; half of that leaves time for the work itself.</summary>
    private static readonly TimeSpan lookInterval = TimeSpan.FromSeconds(1);

    private static readonly ResourceSelector tokenSecrets = new(
        LabelSelector: $"{VismaNames.SecretLabel} in ({VismaNames.TokenSecretValue},{VismaNames.CopySecretValue})"
    );

    private readonly string root = Path.GetFullPath(output);
    private string? lastFailure;

    /// <summary>
    /// Publishes until cancelled. After a failure of the disk it tries again. A name that would lead out of the directory ends the process.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await TryPublishAsync(cancellationToken);
            await changed.WaitAsync(lookInterval, cancellationToken);
        }
    }

    /// <summary>Makes the output directory hold what the cluster holds now.</summary>
    public async Task PublishAsync(CancellationToken cancellationToken)
    {
        var expected = new HashSet<string>(StringComparer.Ordinal);
        foreach (var secret in await cluster.ListAsync<Secret>(tokenSecrets, cancellationToken))
        {
            expected.Add(Publish(secret));
        }

        foreach (var stale in PublishedFolders().Where(folder => !expected.Contains(folder)).ToList())
        {
            new SecretFolder(stale, time).Remove();
            RemoveWhenEmpty(Path.GetDirectoryName(stale)!);
            LogRemoved(stale);
        }
    }

    private async Task TryPublishAsync(CancellationToken cancellationToken)
    {
        try
        {
            await PublishAsync(cancellationToken);
            lastFailure = null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Logged once for each cause, not once a second.
            if (lastFailure != exception.Message)
            {
                LogNotPublished(root, exception.Message);
            }

            lastFailure = exception.Message;
        }
    }

    private string Publish(Secret secret)
    {
        var name = secret.Metadata.NamespacedName;
        var inNamespace = Path.Combine(root, SafeNames.Directory(name.Namespace));
        var folder = Path.Combine(inNamespace, SafeNames.Directory(name.Name));
        if (new DirectoryInfo(inNamespace).LinkTarget is not null)
        {
            File.Delete(inNamespace); // a link here would take the token out of the output directory
        }

        UnixFiles.CreatePrivateDirectory(inNamespace);
        var files = (secret.Data ?? new Dictionary<string, SecretValue>(StringComparer.Ordinal)).Where(file => SafeNames.IsKey(file.Key));
        var exists = SecretFolder.IsOurs(folder);
        if (new SecretFolder(folder, time).Publish(files.ToDictionary(StringComparer.Ordinal)))
        {
            LogPublished(name, exists ? "updated" : "created", folder);
        }

        return folder;
    }

    private IEnumerable<string> PublishedFolders() =>
        Directory.Exists(root)
            ? Subdirectories(root).SelectMany(Subdirectories).Where(SecretFolder.IsOurs)
            : [];

    private static IEnumerable<string> Subdirectories(string directory) =>
        Directory.EnumerateDirectories(directory).Where(entry => new DirectoryInfo(entry).LinkTarget is null);

    private static void RemoveWhenEmpty(string directory)
    {
        if (!Directory.EnumerateFileSystemEntries(directory).Any())
        {
            Directory.Delete(directory);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, EventName = "FolderPublished", Message = "Secret {Secret}: files {Action} in {Folder}")]
    private partial void LogPublished(NamespacedName secret, string action, string folder);

    [LoggerMessage(Level = LogLevel.Information, EventName = "FolderRemoved", Message = "Removed {Folder}: its Secret is gone")]
    private partial void LogRemoved(string folder);

    [LoggerMessage(
        Level = LogLevel.Error,
        EventName = "FolderNotPublished",
        Message = "Token files in {Directory} could not be written: {Cause}. Retrying every second"
    )]
    private partial void LogNotPublished(string directory, string cause);
}
