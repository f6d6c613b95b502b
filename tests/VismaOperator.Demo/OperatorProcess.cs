using System.Diagnostics;

namespace VismaOperator.Demo;

/// <summary>The operator as its own process, as a user would start it. Its log goes to a file.</summary>
internal sealed class OperatorProcess : IAsyncDisposable
{
    private const int LinesShown = 15;
    private static readonly TimeSpan stopDeadline = TimeSpan.FromSeconds(10);

    private readonly Process process;
    private readonly StreamWriter log;
    private readonly string logPath;

    private OperatorProcess(Process process, string logPath)
    {
        this.process = process;
        this.logPath = logPath;
        log = new StreamWriter(logPath) { AutoFlush = true };
        process.ErrorDataReceived += (_, line) => Write(line.Data);
        process.OutputDataReceived += (_, line) => Write(line.Data);
    }

    /// <summary>True once the process is gone.</summary>
    public bool HasEnded => process.HasExited;

    /// <summary>Starts the executable that was built beside this one.</summary>
    public static OperatorProcess Start(IEnumerable<string> arguments, string logPath)
    {
        var executable = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "visma-operator.exe" : "visma-operator");
        var start = new ProcessStartInfo(executable, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        var running = new OperatorProcess(new Process { StartInfo = start }, logPath);
        running.process.Start();
        running.process.BeginErrorReadLine();
        running.process.BeginOutputReadLine();
        return running;
    }

    /// <summary>The end of its log.</summary>
    public string LastLines()
    {
        lock (log)
        {
            using var file = new StreamReader(new FileStream(logPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return string.Join(
                Environment.NewLine,
                file.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(LinesShown)
            );
        }
    }

    /// <summary>Asks it to stop, as Kubernetes does, and waits.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            Terminate();
            using var deadline = new CancellationTokenSource(stopDeadline);
            await process
                .WaitForExitAsync(deadline.Token)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        process.Dispose();
        await log.DisposeAsync();
    }

    private void Terminate()
    {
        if (OperatingSystem.IsWindows())
        {
            process.Kill();
            return;
        }

        using var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {process.Id}"]);
        kill.WaitForExit();
    }

    private void Write(string? line)
    {
        if (line is not null)
        {
            lock (log)
            {
                log.WriteLine(line);
            }
        }
    }
}
