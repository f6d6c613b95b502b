using System.Text.Json;
using Kubernetes.Client;

namespace VismaOperator.Local;

/// <summary>
/// The directory that outlives the process. Only one process at a time uses it: two would both ask for tokens.
/// </summary>
internal sealed class StateDirectory : IDisposable
{
    private const string LockName = "lock";
    private readonly FolderLock held;

    private StateDirectory(string path, FolderLock held)
    {
        Path = path;
        this.held = held;
    }

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <summary>Creates the directory where it is missing, and takes its lock.</summary>
    /// <exception cref="LocalException">Another process holds it, it is open to others, or it cannot be written.</exception>
    public static StateDirectory Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            UnixFiles.CreatePrivateDirectory(full);
            RefuseOpenToOthers(full);
            return new StateDirectory(full, FolderLock.Take("--state", full, LockName));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalException(
                $"--state {full} cannot be used: {exception.Message} Name a directory that this user can write.",
                exception
            );
        }
    }

    /// <summary>True for a directory that was one before.</summary>
    public static bool IsOne(string path) =>
        File.Exists(System.IO.Path.Combine(path, LockName))
        && Array.Exists(StateJournal.Folders, folder => Directory.Exists(System.IO.Path.Combine(path, folder)));

    /// <summary>Gives the directory free.</summary>
    public void Dispose() => held.Dispose();

    private static void RefuseOpenToOthers(string full)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(full) & ~UnixFiles.PrivateDirectory) is not UnixFileMode.None)
        {
            throw new LocalException(
                $"--state {full} can be entered by other users, and it keeps tokens. Take their permissions away: chmod 700 {full}"
            );
        }
    }
}

/// <summary>
/// Where in a state directory what lies, for local mode and for <c>connect</c> and <c>status</c>, which read along. What is in the files:
/// <see cref="KeptFile"/>.
/// </summary>
internal static class StateFiles
{
    /// <summary>Name of the folder with codes that wait.</summary>
    public const string HandoffFolder = "handoffs";

    /// <summary>Ending of the files.</summary>
    public const string Extension = ".json";

    /// <summary>Pattern of the files.</summary>
    public const string Pattern = "*" + Extension;

    /// <summary>What is added to the name of a code's file by local mode as it takes the code.</summary>
    public const string TakenSuffix = ".taken";

    /// <summary>What is added to the name of a code's file by <c>connect</c> as it takes the code back.</summary>
    public const string WithdrawnSuffix = ".withdrawn";

    /// <summary>The file of an object.</summary>
    public static string Of(string state, ResourceKind kind, NamespacedName name) => InFolder(state, kind.Plural, name);

    /// <summary>The files of all objects of a kind.</summary>
    public static IEnumerable<string> All(string state, ResourceKind kind)
    {
        var folder = Path.Combine(state, kind.Plural);
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, Pattern, SearchOption.AllDirectories) : [];
    }

    /// <summary>What is in the file of an object; null where the file is not there, or went away meanwhile.</summary>
    /// <exception cref="JsonException">It is damaged.</exception>
    public static T? Find<T>(string file)
        where T : class, IResource<T>
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), T.JsonTypeInfo);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The file that hands the code for a connection to local mode.</summary>
    public static string Handoff(string state, NamespacedName connection) => InFolder(state, HandoffFolder, connection);

    private static string InFolder(string state, string folder, NamespacedName name) =>
        Path.Combine(state, folder, SafeNames.Directory(name.Namespace), SafeNames.Directory(name.Name) + Extension);
}
