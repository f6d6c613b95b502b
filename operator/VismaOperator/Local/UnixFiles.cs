using System.ComponentModel;
using System.Runtime.InteropServices;

namespace VismaOperator.Local;

/// <summary>
/// File operations that .NET does not offer: renaming a symbolic link over another, and flushing a directory so that a
/// rename in it survives a power cut. On systems that are not Unix they do the nearest thing, without the promise.
/// </summary>
internal static partial class UnixFiles
{
    private const int ReadOnly = 0;

    /// <summary>Owner may read and write; nobody else anything.</summary>
    public const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Owner may list and change; nobody else anything.</summary>
    public const UnixFileMode PrivateDirectory = PrivateFile | UnixFileMode.UserExecute;

    /// <summary>Creates a directory that only its owner can enter; an existing one keeps its mode.</summary>
    public static void CreatePrivateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, PrivateDirectory);
        }
    }

    /// <summary>
    /// Writes a new file that only its owner can read, down to the disk. The file must not exist: a link in its place would lead elsewhere.
    /// </summary>
    public static void WriteNew(string path, ReadOnlySpan<byte> content)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = PrivateFile;
        }

        using var file = new FileStream(path, options);
        file.Write(content);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Moves a file or a symbolic link over the file or link of that name, atomically for readers.</summary>
    public static void Rename(string from, string to)
    {
        if (!OperatingSystem.IsWindows())
        {
            Check(RenameNative(from, to), to);
        }
        else if (File.Exists(from))
        {
            File.Move(from, to, overwrite: true);
        }
        else
        {
            // A link to a directory: there is no atomic way here.
            Directory.Delete(to);
            Directory.Move(from, to);
        }
    }

    /// <summary>Flushes the names in a directory to the disk.</summary>
    public static void FlushDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Check(OpenNative(path, ReadOnly), path);
        var flushed = FlushNative(descriptor);
        var error = Marshal.GetLastPInvokeError();
        _ = CloseNative(descriptor);
        if (flushed < 0)
        {
            throw new IOException($"{path}: {new Win32Exception(error).Message}");
        }
    }

    private static int Check(int result, string path) =>
        result >= 0 ? result : throw new IOException($"{path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameNative(string from, string to);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenNative(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushNative(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseNative(int descriptor);
}
