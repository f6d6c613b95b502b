using System.Globalization;

namespace VismaOperator.Manifests;

/// <summary>Standard input, which may be closed when the process starts.</summary>
internal static class ProcessInput
{
    /// <summary>Opens it.</summary>
    /// <exception cref="IOException">It was closed.</exception>
    public static Stream Open() => IsPipeOfOurs(0)
        ? throw new IOException("standard input is closed: give the manifests by a pipe or a redirection, or name files")
        : Console.OpenStandardInput();

    /// <summary>
    /// True for a pipe that this process itself can write to: the next thing that is opened gets the number of what was closed, and that is
    /// a pipe of the runtime, which never ends. Only Linux shows it.
    /// </summary>
    internal static bool IsPipeOfOurs(int number)
    {
        try
        {
            return NameOf(number) is { } name
                && name.StartsWith("pipe:", StringComparison.Ordinal)
                && Directory.EnumerateFileSystemEntries("/proc/self/fd")
                    .Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
                    .Any(other => other != number && NameOf(other) == name && IsWritable(other));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? NameOf(int number) =>
        new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{number}")).LinkTarget;

    // The last octal digit of the flags: 0 reads, 1 writes, 2 does both (man 5 proc_pid_fdinfo).
    private static bool IsWritable(int number)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{number}");
        return File.Exists(path)
            && File.ReadLines(path).Any(line => line.StartsWith("flags:", StringComparison.Ordinal) && line[^1] is '1' or '2');
    }
}
