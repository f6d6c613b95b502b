using System.Diagnostics;

namespace VismaOperator.Testing.ApiServer.Processes;

/// <summary>
/// A program started as an operating system process, with its output captured. It never outlives the test process
/// (<see cref="ProcessGuard"/>), and disposing it kills it.
/// </summary>
public sealed class RealProcess : IAsyncDisposable
{
    private readonly ProcessCommand command;
    private readonly Process process;
    private readonly ProcessOutput output;
    private int disposed;

    private RealProcess(ProcessCommand command)
    {
        this.command = command;
        output = new ProcessOutput(command.LogFile);
        process = new Process { StartInfo = StartInfo(command), EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => output.Add(line.Data);
        process.ErrorDataReceived += (_, line) => output.Add(line.Data);
        process.Start();
        Id = process.Id;
        ProcessGuard.OfThisProcess.Add(Id);
        process.Exited += (_, _) => ProcessGuard.OfThisProcess.Drop(Id);
        if (process.HasExited)
        {
            ProcessGuard.OfThisProcess.Drop(Id);
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The process id.</summary>
    public int Id { get; }

    /// <summary>The file that holds all output.</summary>
    public string LogFile => command.LogFile;

    /// <summary>All output lines so far, standard output and standard error in order of arrival.</summary>
    public IReadOnlyList<string> Lines => output.Lines;

    /// <summary>Whether the process has ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>Starts the program.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no such program, or it may not be executed.</exception>
    public static RealProcess Start(ProcessCommand command) => new(command);

    /// <summary>Waits for an output line that holds the text, and returns it. Lines written before the call count.</summary>
    /// <exception cref="InvalidOperationException">The process ended without such a line.</exception>
    public Task<string> WaitForLineAsync(string text, CancellationToken cancellationToken, TimeSpan? within = null) =>
        Eventually.GetAsync($"a line of {command.Name} with '{text}' (log: {LogFile})", async token =>
        {
            var ended = HasExited;
            if (ended)
            {
                await process.WaitForExitAsync(token); // its last lines may still be on their way
            }

            var line = Lines.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal));
            return line is null && ended ? throw Ended($"without writing '{text}'") : line;
        }, cancellationToken, within);

    /// <summary>Fails with the end of the log when the process has ended: for waits that would otherwise wait in vain.</summary>
    /// <exception cref="InvalidOperationException">The process has ended.</exception>
    public void EnsureRunning()
    {
        if (HasExited)
        {
            throw Ended("too early");
        }
    }

    /// <summary>Sends a signal and returns at once.</summary>
    public void Send(ProcessSignal signal)
    {
        if (!HasExited)
        {
            NativeSignal.Send(Id, signal);
        }
    }

    /// <summary>Asks for an orderly end (SIGTERM) and returns the exit code.</summary>
    /// <exception cref="TimeoutException">The process still runs after <paramref name="within"/>.</exception>
    public Task<int> TerminateAsync(CancellationToken cancellationToken, TimeSpan? within = null) =>
        EndAsync(ProcessSignal.Terminate, within, cancellationToken);

    /// <summary>Kills the process (SIGKILL) and waits until it is gone.</summary>
    public Task KillAsync(CancellationToken cancellationToken) => EndAsync(ProcessSignal.Kill, within: null, cancellationToken);

    /// <summary>Waits until the process ends by itself, with all its output read, and returns the exit code.</summary>
    /// <exception cref="TimeoutException">The process still runs after <paramref name="within"/>.</exception>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken, TimeSpan? within = null)
    {
        var deadline = within ?? Eventually.Patience;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"{command.Name} still runs after {deadline.TotalSeconds:0.#} s. Its last lines ({LogFile}):\n{output.Tail()}", exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        await KillAsync(CancellationToken.None);
        output.Dispose();
        process.Dispose();
    }

    private Task<int> EndAsync(ProcessSignal signal, TimeSpan? within, CancellationToken cancellationToken)
    {
        Send(signal);
        return WaitForExitAsync(cancellationToken, within);
    }

    private InvalidOperationException Ended(string how) =>
        new($"{command.Name} ended {how} (exit code {process.ExitCode}). Its last lines ({LogFile}):\n{output.Tail()}");

    private static ProcessStartInfo StartInfo(ProcessCommand command)
    {
        var start = new ProcessStartInfo(command.Program, command.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = command.WorkingDirectory ?? "",
        };
        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }
}
