using System.Diagnostics;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>A disk of a megabyte (tmpfs), which a test fills up and empties again.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const int PageSize = 4096;

    private readonly DirectoryInfo folder;

    private SmallDisk(DirectoryInfo folder) => this.folder = folder;

    private string Filler => this["filler"];

    /// <summary>The path of something on it.</summary>
    public string this[string name] => Path.Combine(folder.FullName, name);

    /// <summary>Mounts one.</summary>
    /// <param name="refusal">Why that is not possible here: it takes root, and in a container CAP_SYS_ADMIN.</param>
    /// <returns>Null where it is not.</returns>
    public static SmallDisk? TryMount(out string refusal)
    {
        var mounted = Directory.CreateTempSubdirectory("visma-operator-disk-");
        (var code, refusal) = Run("mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", mounted.FullName);
        if (code == 0)
        {
            return new SmallDisk(mounted);
        }

        refusal = $"A small disk cannot be mounted here, which takes root: {refusal.Trim()}";
        mounted.Delete();
        return null;
    }

    /// <summary>Leaves no room for another byte of a new file.</summary>
    public void Fill()
    {
        using var file = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var page = new byte[PageSize];
        try
        {
            while (true)
            {
                file.Write(page);
            }
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    /// <summary>Makes room again.</summary>
    public void Free() => File.Delete(Filler);

    /// <inheritdoc/>
    public void Dispose()
    {
        Run("umount", "--lazy", folder.FullName);
        folder.Delete();
    }

    private static (int ExitCode, string Said) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, said);
    }
}
