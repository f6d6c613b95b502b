using Kubernetes.Client;
using Kubernetes.Client.Access;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Manifests;
using VismaOperator.Sets;

namespace VismaOperator.Local;

/// <summary>
/// Keeps the cluster as the manifests say: their objects are created or replaced, and objects that are in no manifest any more are deleted.
/// Looks at the files' times and sizes once a second; that sees every way of editing, on every file system.
/// <para>
/// Files also vanish for a moment: while an editor saves, while git checks out, when a folder is not mounted. Deleting is therefore slower
/// than creating: only once all files have stood still for <see cref="Stillness"/>, and never while a folder holds no manifest at all.
/// </para>
/// </summary>
internal sealed partial class ManifestFolders(
    ManifestSource source,
    ManifestApplier applier,
    TimeProvider time,
    ILogger<ManifestFolders> log
)
{
    /// <summary>How long no file may have changed before what is in none of them is deleted.</summary>
    public static readonly TimeSpan Stillness = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan lookInterval = TimeSpan.FromSeconds(1);

    private string? seen;
    private bool hasLooked;
    private long stillSince;
    private bool isDeletionDue;
    private string? lastFailure;

    /// <summary>Follows the files until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = time.Every(lookInterval);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            await LoadIfChangedAsync(cancellationToken);
        }
    }

    /// <summary>Loads the manifests where a file changed since the last look. Files that cannot be read now are looked at again.</summary>
    public async Task LoadIfChangedAsync(CancellationToken cancellationToken)
    {
        // At the start nothing is being edited: what a manifest lost while nothing ran goes at once. A first look that fails shows that the
        // files are not at rest.
        var isFirst = !hasLooked;
        hasLooked = true;
        try
        {
            var now = await AsideAsync(Signature, cancellationToken);
            if (now != seen)
            {
                await LoadAsync(isFirst ? Absent.Deleted : Absent.Kept, cancellationToken);
                (isDeletionDue, stillSince, seen) = (!isFirst, time.GetTimestamp(), now);
            }
            else if (isDeletionDue && time.GetElapsedTime(stillSince) >= Stillness)
            {
                await LoadAsync(Absent.Deleted, cancellationToken);
                isDeletionDue = false;
            }

            lastFailure = null;
        }
        catch (ClusterAccessException exception)
        {
            Tell(exception.Message, LogNotApplied);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Tell(exception.Message, LogUnreadable);
        }
    }

    /// <summary>The credential Secrets as the manifests say them now; none while they cannot be read.</summary>
    public async Task<IReadOnlyList<Secret>> ReadSecretsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await AsideAsync(Read, cancellationToken)).Objects.Secrets;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return []; // said by the look that follows
        }
    }

    /// <summary>Reads and applies the manifests once.</summary>
    /// <param name="absent">What to do with objects that no manifest holds; they are kept anyway while anything is unreadable, or a folder
    /// empty.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public async Task LoadAsync(Absent absent, CancellationToken cancellationToken)
    {
        var (documents, problems) = await AsideAsync(Read, cancellationToken);
        var isComplete = await AsideAsync(NoFolderIsEmpty, cancellationToken);
        foreach (var problem in problems)
        {
            var level = LevelOf(problem.Kind);
            LogProblem(level, problem.File, problem.Position, problem.Message);

            // While anything is unreadable, an absent object may only be a typing error away: nothing is taken back.
            isComplete &= problem.Kind == ManifestProblemKind.NoManifest;
        }

        var changes = await applier.ApplyAsync(documents, isComplete ? absent : Absent.Kept, cancellationToken);
        var serious = problems.Count(problem => problem.Kind != ManifestProblemKind.NoManifest);
        LogApplied(changes, serious);
    }

    private void Tell(string failure, Action<string> log)
    {
        if (lastFailure != failure)
        {
            log(failure);
        }

        lastFailure = failure;
    }

    private static LogLevel LevelOf(ManifestProblemKind kind) => kind switch
    {
        ManifestProblemKind.Unreadable => LogLevel.Error,
        ManifestProblemKind.LeftOut => LogLevel.Warning,
        _ => LogLevel.Information,
    };

    // Runs on another thread and is abandoned on stop: a file system may answer late or never.
    private static Task<T> AsideAsync<T>(Func<CancellationToken, T> look, CancellationToken cancellationToken) =>
        Task.Run(() => look(cancellationToken), cancellationToken).WaitAsync(cancellationToken);

    // What an unmounted folder looks like. Somebody who means it leaves one file without objects in it.
    private bool NoFolderIsEmpty(CancellationToken cancellationToken)
    {
        var empty = source
            .Paths.Where(path => ManifestFiles.Find(source with { Paths = [path] }, cancellationToken).Files.Count == 0)
            .ToList();
        empty.ForEach(LogEmpty);
        return empty.Count == 0;
    }

    private (ManifestObjects Objects, IReadOnlyList<ManifestProblem> Problems) Read(CancellationToken cancellationToken)
    {
        var set = ManifestReader.Read(source, cancellationToken);
        var problems = new List<ManifestProblem>(set.Problems);
        var usable = set
            .Documents.Where(document => !document.IsRejected && IsNamed(document, problems) && !IsEncrypted(document, problems))
            .ToList();
        var sets = ManifestConversion.ReadAll<VismaConnectionSet>(usable, problems);
        var lists = sets.Select(TenantSource.ConfigMapOf).OfType<NamespacedName>().ToHashSet();
        var objects = new ManifestObjects(
            ManifestConversion.ReadAll<Namespace>(usable, problems),
            ManifestConversion.ReadAll<Secret>(usable, problems),
            ManifestConversion.ReadAll<OAuthClient>(usable, problems),
            ManifestConversion.ReadAll<VismaConnection>(usable, problems))
        {
            Sets = sets,
            ConfigMaps = ManifestConversion.ReadAll<ConfigMap>(usable.Where(document => lists.Contains(document.NamespacedName)), problems),
        };
        return (objects, problems);
    }

    private static bool IsEncrypted(ManifestDocument document, List<ManifestProblem> problems)
    {
        if (document.EncryptedPath is { } path)
        {
            problems.Add(
                new ManifestProblem(
                    document.File,
                    document.PositionOf(path),
                    $"{document.Kind} {document.NamespacedName} is encrypted by SOPS, and nothing of it is used: decrypt it into a "
                    + "folder of its own (sops --decrypt) and name that one"
                )
            );
        }

        return document.EncryptedPath is not null;
    }

    private static bool IsNamed(ManifestDocument document, List<ManifestProblem> problems)
    {
        try
        {
            SafeNames.Directory(document.Name);
            SafeNames.Directory(document.NamespacedName.Namespace);
            return true;
        }
        catch (LocalException exception)
        {
            problems.Add(new ManifestProblem(document.File, document.PositionOf("metadata"), exception.Message));
            return false;
        }
    }

    private string Signature(CancellationToken cancellationToken)
    {
        var (files, problems) = ManifestFiles.Find(source, cancellationToken);
        var seenFiles = files
            .Select(file => new FileInfo(file.RealPath))
            .Where(file => file.Exists)
            .Select(file => $"{file.FullName} {file.LastWriteTimeUtc.Ticks} {file.Length}");
        return string.Join('\n', seenFiles.Concat(problems.Select(problem => problem.ToString())));
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        EventName = "ManifestsApplied",
        Message = "Manifests read: {Changes} objects changed, {Problems} problems"
    )]
    private partial void LogApplied(int changes, int problems);

    [LoggerMessage(
        Level = LogLevel.Warning,
        EventName = "ManifestFolderEmpty",
        Message = "{Folder} holds no manifest, as if it were not mounted, so nothing is deleted. If that is meant, leave one .yaml file "
            + "in it"
    )]
    private partial void LogEmpty(string folder);

    [LoggerMessage(EventName = "ManifestProblem", Message = "{File}:{Position}: {Problem}")]
    private partial void LogProblem(LogLevel level, string file, Position position, string problem);

    [LoggerMessage(
        Level = LogLevel.Error,
        EventName = "ManifestsNotApplied",
        Message = "Manifests are not applied: {Cause} Trying again in a second"
    )]
    private partial void LogNotApplied(string cause);

    [LoggerMessage(
        Level = LogLevel.Warning,
        EventName = "ManifestsUnreadable",
        Message = "Manifests cannot be read now: {Cause}. Looking again in a second"
    )]
    private partial void LogUnreadable(string cause);
}
