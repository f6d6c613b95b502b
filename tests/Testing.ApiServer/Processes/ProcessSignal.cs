using System.Runtime.InteropServices;

namespace VismaOperator.Testing.ApiServer.Processes;

/// <summary>The signals that tests send, with their numbers on Linux.</summary>
public enum ProcessSignal
{
    /// <summary>Cannot be caught: the process is gone at once, as after an out-of-memory kill.</summary>
    Kill = 9,

    /// <summary>Asks for an orderly end, as the kubelet does.</summary>
    Terminate = 15,

    /// <summary>Lets a stopped process go on.</summary>
    Continue = 18,

    /// <summary>Freezes the process, as a long pause of a virtual machine would.</summary>
    Stop = 19,
}

internal static partial class NativeSignal
{
    /// <summary>Sends the signal; a process that has already ended is no error.</summary>
    public static void Send(int processId, ProcessSignal signal)
    {
        const int noSuchProcess = 3;
        if (Kill(processId, (int)signal) != 0 && Marshal.GetLastPInvokeError() != noSuchProcess)
        {
            throw new InvalidOperationException($"kill({processId}, {signal}) failed with errno {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
