using System.Globalization;
using System.Runtime.InteropServices;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>What figures depend on; nothing that names a particular machine.</summary>
internal static class Machine
{
    /// <summary>For example: 2 cores, 24 GiB, Debian GNU/Linux 12 (bookworm), .NET 10.0.1.</summary>
    public static string Description =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024.0 * 1024 * 1024):0} GiB, "
            + $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}"
        );

    /// <summary>How many processes wanted a core, on average over the last minute.</summary>
    public static double LoadAverage() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
}
