namespace VismaOperator.Local;

/// <summary>
/// The directory that outlives the process, held by one process at a time. Two processes on one directory would each
/// believe to be the only one that asks for tokens.
/// </summary>
internal sealed class StateDirectory : IDisposable
{
    private const string LockName = "lock";
    private readonly FileStream held;

    private StateDirectory(string path, FileStream held)
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
            var file = System.IO.Path.Combine(full, LockName);
            return new StateDirectory(full, Lock(file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalException($"--state {full} cannot be used: {exception.Message} Name a directory that this user can write.", exception);
        }
    }

    /// <summary>Gives the directory free. The lock file stays: removing it could remove the lock of a process that just took it.</summary>
    public void Dispose() => held.Dispose();

    private static FileStream Lock(string file)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFiles.PrivateFile;
        }

        try
        {
            return new FileStream(file, options);
        }
        catch (IOException exception) when (File.Exists(file))
        {
            throw new LocalException($"--state {System.IO.Path.GetDirectoryName(file)} is in use by another visma-operator (it holds {file}). Stop that one, or name another directory.", exception);
        }
    }

    private static void RefuseOpenToOthers(string full)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(full) & ~UnixFiles.PrivateDirectory) is not UnixFileMode.None)
        {
            throw new LocalException($"--state {full} can be entered by other users, and it keeps tokens. Take their permissions away: chmod 700 {full}");
        }
    }
}
