namespace VismaOperator.Local;

/// <summary>
/// The directory that outlives the process, held by one process at a time. Two processes on one directory would each
/// believe to be the only one that asks for tokens.
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
