using Kubernetes.Client.Resources;
using VismaOperator.Manifests;
using VismaOperator.OAuthClients;
using VismaOperator.VismaConnections;

namespace VismaOperator.Local;

/// <summary>
/// Keeps the cluster as the manifests say: what they hold is created or replaced, what they no longer hold is deleted.
/// Looks at the files' times and sizes once a second; that sees every way of editing, on every file system.
/// <para>
/// Files also vanish for a moment: while an editor saves, while git checks out, when a folder is not mounted. Deleting is therefore slower than
/// creating: only once all files have stood still for <see cref="Stillness"/>, and never while a folder holds no manifest at all.
/// </para>
/// </summary>
internal sealed partial class ManifestFolders(IReadOnlyList<string> paths, ManifestApplier applier, TimeProvider time, ILogger<ManifestFolders> log)
{
    /// <summary>How long no file may have changed before what is in none of them is deleted.</summary>
    public static readonly TimeSpan Stillness = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private string? seen;
    private bool hasLooked;
    private long stillSince;
    private bool isDeletionDue;

    /// <summary>Follows the files until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = time.Every(LookInterval);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            await LoadIfChangedAsync(cancellationToken);
        }
    }

    /// <summary>Loads the manifests where a file changed since the last look. Files that cannot be read now are looked at again.</summary>
    public async Task LoadIfChangedAsync(CancellationToken cancellationToken)
    {
        // At the start nothing is being edited: what a manifest lost while nothing ran goes at once. A first look that fails shows that the files are not at rest.
        var isFirst = !hasLooked;
        hasLooked = true;
        try
        {
            var now = Signature();
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
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(exception.Message);
        }
    }

    /// <summary>The credential Secrets as the manifests say them now; none while they cannot be read.</summary>
    public IReadOnlyList<Secret> ReadSecrets()
    {
        try
        {
            return Read().Objects.Secrets;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return []; // said by the look that follows
        }
    }

    /// <summary>Reads and applies the manifests once.</summary>
    /// <param name="absent">What to do with objects that no manifest holds; they are kept all the same while anything is unreadable, or a folder empty.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public async Task LoadAsync(Absent absent, CancellationToken cancellationToken)
    {
        var (documents, problems) = Read();
        foreach (var problem in problems)
        {
            LogProblem(problem.File, problem.Position, problem.Message);
        }

        // While anything is unreadable, an absent object may only be a typing error away: nothing is taken back.
        var isComplete = problems.Count == 0 && !SomeFolderIsEmpty();
        var changes = await applier.ApplyAsync(documents, isComplete ? absent : Absent.Kept, cancellationToken);
        LogApplied(changes, problems.Count);
    }

    // What an unmounted folder looks like. Somebody who means it leaves one file without objects in it.
    private bool SomeFolderIsEmpty()
    {
        var empty = paths.Where(path => !ManifestReader.Files(path).Any()).ToList();
        empty.ForEach(LogEmpty);
        return empty.Count > 0;
    }

    private (ManifestObjects Objects, IReadOnlyList<ManifestProblem> Problems) Read()
    {
        var set = ManifestReader.Read(paths);
        var problems = new List<ManifestProblem>(set.Problems);
        var named = set.Documents.Where(document => IsNamed(document, problems)).ToList();
        var objects = new ManifestObjects(
            ManifestConversion.ReadAll<Namespace>(named, problems),
            ManifestConversion.ReadAll<Secret>(named, problems),
            ManifestConversion.ReadAll<OAuthClient>(named, problems),
            ManifestConversion.ReadAll<VismaConnection>(named, problems));
        return (objects, problems);
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

    private string Signature() => string.Join('\n', paths.SelectMany(Files).Select(file => $"{file.FullName} {file.LastWriteTimeUtc.Ticks} {file.Length}"));

    private static IEnumerable<FileInfo> Files(string path) =>
        File.Exists(path)
            ? [new FileInfo(path)]
            : new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(file => file.FullName, StringComparer.Ordinal);

    [LoggerMessage(Level = LogLevel.Information, EventName = "ManifestsApplied", Message = "Manifests read: {Changes} objects changed, {Problems} problems")]
    private partial void LogApplied(int changes, int problems);

    [LoggerMessage(Level = LogLevel.Warning, EventName = "ManifestFolderEmpty", Message = "{Folder} holds no manifest, as if it were not mounted, so nothing is deleted. If that is meant, leave one .yaml file in it")]
    private partial void LogEmpty(string folder);

    [LoggerMessage(Level = LogLevel.Error, EventName = "ManifestProblem", Message = "{File}:{Position}: {Problem}")]
    private partial void LogProblem(string file, Position position, string problem);

    [LoggerMessage(Level = LogLevel.Warning, EventName = "ManifestsUnreadable", Message = "Manifests cannot be read now: {Cause}. Looking again in a second")]
    private partial void LogUnreadable(string cause);
}
