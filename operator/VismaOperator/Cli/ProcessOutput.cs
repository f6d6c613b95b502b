using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VismaOperator.Cli;

/// <summary>Standard output of this process.</summary>
internal static class ProcessOutput
{
    private const int Descriptor = 1;

    /// <summary>
    /// A writer that fails when nobody reads the pipe any more, which <see cref="Console.Out"/> hides. Null where standard output is no
    /// pipe: all who write to a file share one position, and only the console may move it.
    /// </summary>
    public static TextWriter? OpenPipe()
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        var stream = new FileStream(new SafeFileHandle(Descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return stream.CanSeek ? null : new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }
}
