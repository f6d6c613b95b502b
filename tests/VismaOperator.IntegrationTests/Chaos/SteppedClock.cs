using System.Diagnostics;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Chaos;

/// <summary>
/// The wall clock of processes that are started with <see cref="Environment"/>, set by a test while they run. Their monotonic clock stays
/// as it is, as where somebody sets the time of a machine. Time namespaces of Linux do it the other way round, and to set the real clock
/// would concern the whole machine; so the readings are moved on their way (tests/clock/step.c).
/// </summary>
internal sealed class SteppedClock : IDisposable
{
    private readonly DirectoryInfo folder;
    private readonly FileStream step;

    private SteppedClock(DirectoryInfo folder, string library)
    {
        this.folder = folder;
        var file = Path.Combine(folder.FullName, "step");
        step = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        Set(TimeSpan.Zero);
        Environment = new Dictionary<string, string?> { ["LD_PRELOAD"] = library, ["CLOCK_STEP_FILE"] = file };
    }

    /// <summary>The variables that put a process under this clock.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; }

    /// <summary>Compiles what moves the readings.</summary>
    /// <exception cref="InvalidOperationException">There is no C compiler, or it refuses; the message says so.</exception>
    public static async Task<SteppedClock> CreateAsync(CancellationToken cancellationToken)
    {
        var created = Directory.CreateTempSubdirectory("visma-operator-clock-");
        var library = Path.Combine(created.FullName, "step.so");
        string[] arguments = ["-O2", "-shared", "-fPIC", "-o", library, RepositoryFolder.PathOf("tests/clock/step.c")];
        try
        {
            var start = new ProcessStartInfo("cc", arguments) { RedirectStandardError = true, UseShellExecute = false };
            using var compiler = Process.Start(start)!;
            var said = await compiler.StandardError.ReadToEndAsync(cancellationToken);
            await compiler.WaitForExitAsync(cancellationToken);
            return compiler.ExitCode == 0 ? new SteppedClock(created, library) : throw new InvalidOperationException($"cc failed: {said}");
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new InvalidOperationException(
                "There is no C compiler (cc), which steps the clock of a process. Install gcc and the headers of the C library.",
                missing
            );
        }
    }

    /// <summary>From now on the wall clock is ahead of the real one by so much; behind it where negative.</summary>
    public void Set(TimeSpan ahead)
    {
        step.Position = 0;
        step.Write(BitConverter.GetBytes((long)ahead.TotalNanoseconds));
        step.Flush();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        step.Dispose();
        folder.Delete(recursive: true);
    }
}
