using System.Globalization;
using System.Runtime.InteropServices;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>What figures depend on; nothing that names a particular machine.</summary>
internal static class Machine
{
    private const double IdleCores = 0.2;

    private static readonly TimeSpan lookFor = TimeSpan.FromSeconds(2);

    /// <summary>For example: 2 cores, 24 GiB, Debian GNU/Linux 12 (bookworm), .NET 10.0.1.</summary>
    public static string Description =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024.0 * 1024 * 1024):0} GiB, "
            + $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}"
        );

    /// <summary>
    /// Waits until the processors have had next to nothing to do for two seconds; where that does not come, not for ever. Not by the load
    /// average, which remembers the row before for minutes.
    /// </summary>
    /// <returns>How many cores were in use at the end.</returns>
    public static async Task<double> UntilIdleAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            var (before, since) = (BusyTime(), time.GetTimestamp());
            await Task.Delay(lookFor, time, cancellationToken);
            var cores = (BusyTime() - before) / time.GetElapsedTime(since);
            if (cores < IdleCores || time.GetElapsedTime(begun) >= patience)
            {
                return cores;
            }
        }
    }

    // The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal, in hundredths of a second (proc_stat(5)).
    private static TimeSpan BusyTime()
    {
        var times = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9]
            .Select(text => long.Parse(text, CultureInfo.InvariantCulture))
            .ToList();
        return TimeSpan.FromMilliseconds(10 * (times.Sum() - times[3] - times[4]));
    }
}
