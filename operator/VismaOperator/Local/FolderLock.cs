namespace VismaOperator.Local;

/// <summary>
/// Keeps a folder for one process at a time. The kernel holds the lock, so it ends with the process, even after a crash. The file stays,
/// since its removal could remove the lock of a process that has just taken it.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    private readonly FileStream held;

    private FolderLock(FileStream held) => this.held = held;

    /// <summary>Takes the lock of a folder that exists.</summary>
    /// <param name="option">The option that named the folder.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="name">Name of the file that holds the lock.</param>
    /// <exception cref="LocalException">Another process holds it.</exception>
    public static FolderLock Take(string option, string folder, string name)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFiles.PrivateFile;
        }

        var file = Path.Combine(folder, name);
        try
        {
            return new FolderLock(new FileStream(file, options));
        }
        catch (IOException exception) when (File.Exists(file))
        {
            throw new LocalException(
                $"{option} {folder} is in use by another visma-operator (it holds {file}). Stop that one, or name another directory.",
                exception
            );
        }
    }

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();
}
