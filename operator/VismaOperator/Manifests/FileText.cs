using System.Text;

namespace VismaOperator.Manifests;

/// <summary>Reads text with a limit, and never from what has no length: a pipe, a socket or a device would block or never end.</summary>
internal static class FileText
{
    /// <summary>Bytes that a file may have. An object of a cluster has at most 1.5 MB, and a file may hold many.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>The text of a file, or null when it is empty or no regular file.</summary>
    /// <exception cref="TextTooLargeException">It is larger than <see cref="MaxBytes"/>.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string? Read(string realPath)
    {
        // Only a regular file has a length.
        var length = new FileInfo(realPath).Length;
        if (length is 0 or > MaxBytes)
        {
            return length == 0 ? null : throw new TextTooLargeException();
        }

        using var file = Open(realPath);
        return Read(file);
    }

    /// <summary>
    /// Opens a file. If it is a pipe, this waits for a writer. A pipe that a shell made can be opened only by the name that the shell gave
    /// it, not by the target of its link.
    /// </summary>
    public static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    /// <summary>The text of a stream, up to its end.</summary>
    /// <exception cref="TextTooLargeException">It is longer than <see cref="MaxBytes"/>.</exception>
    public static string Read(Stream stream)
    {
        using var content = new MemoryStream();
        var buffer = new byte[81920];
        while (stream.Read(buffer) is > 0 and var count)
        {
            content.Write(buffer, 0, count);
            if (content.Length > MaxBytes)
            {
                throw new TextTooLargeException();
            }
        }

        content.Position = 0;
        using var reader = new StreamReader(content, Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }
}

/// <summary>A text is larger than <see cref="FileText.MaxBytes"/>.</summary>
internal sealed class TextTooLargeException() : IOException($"it is larger than {FileText.MaxBytes / 1024 / 1024} MiB");
