using System.Diagnostics;

namespace VismaOperator.Testing.ApiServer.Processes;

/// <summary>
/// Kills the started processes when the test process dies, however it dies. One <c>sh</c> a test process reads their ids from a
/// pipe; the kernel closes the pipe with the last breath of the test process, and at its end the shell kills what is left.
/// The obvious other way, PR_SET_PDEATHSIG (<c>setpriv --pdeathsig</c>), fires when the starting *thread* ends, and threads
/// of the .NET pool come and go: servers would die in the middle of a test run.
/// </summary>
internal sealed class ProcessGuard : IDisposable
{
    private const string Script =
        """
        trap '' INT TERM HUP
        alive=' '
        while read -r change pid; do
          case $change in
            add) alive="$alive$pid " ;;
            drop) case $alive in *" $pid "*) alive="${alive%% "$pid" *} ${alive#* "$pid" }" ;; esac ;;
          esac
        done
        [ -z "${alive# }" ] || kill -KILL $alive
        """;

    private static readonly Lazy<ProcessGuard> instance = new(() => new ProcessGuard());

    private readonly Process shell;
    private readonly StreamWriter changes;
    private readonly Lock gate = new();

    internal ProcessGuard()
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Script])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        shell = Process.Start(start) ?? throw new InvalidOperationException("/bin/sh did not start.");
        changes = shell.StandardInput;
        changes.AutoFlush = true;
    }

    /// <summary>The guard of this test process.</summary>
    public static ProcessGuard OfThisProcess => instance.Value;

    /// <summary>From now on the process does not outlive this one.</summary>
    public void Add(int processId) => Write($"add {processId}");

    /// <summary>The process has ended: its id may soon be that of a stranger.</summary>
    public void Drop(int processId) => Write($"drop {processId}");

    /// <summary>Ends the guard as the death of the test process would: what is left is killed.</summary>
    public void Dispose()
    {
        changes.Dispose();
        shell.WaitForExit();
        shell.Dispose();
    }

    private void Write(string change)
    {
        lock (gate)
        {
            changes.WriteLine(change);
        }
    }
}
