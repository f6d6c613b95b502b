using System.Globalization;

namespace VismaOperator.IntegrationTests.Chaos;

/// <summary>What a process holds, as Linux counts it (proc(5)).</summary>
/// <param name="ResidentMiB">Resident memory (VmRSS), in MiB.</param>
/// <param name="Files">Open files and sockets.</param>
/// <param name="Threads">Threads.</param>
internal sealed record Footprint(double ResidentMiB, int Files, int Threads)
{
    /// <summary>What a running process holds now.</summary>
    public static Footprint Of(int processId)
    {
        var status = File.ReadAllLines($"/proc/{processId}/status");
        return new Footprint(
            Field(status, "VmRSS") / 1024.0,
            Directory.EnumerateFileSystemEntries($"/proc/{processId}/fd").Count(),
            (int)Field(status, "Threads")
        );
    }

    /// <summary>Whether it holds hardly more than a process that was just started.</summary>
    public bool IsBackTo(Footprint fresh) =>
        ResidentMiB < (fresh.ResidentMiB * 1.5) + 16 && Files < fresh.Files + 20 && Threads < fresh.Threads + 20;

    /// <inheritdoc/>
    public override string ToString() => $"{ResidentMiB:0} MiB, {Files} files, {Threads} threads";

    private static long Field(IEnumerable<string> status, string name) =>
        long.Parse(
            status
                .Single(line => line.StartsWith(name + ":", StringComparison.Ordinal))
                .Split(':', 2)[1]
                .Replace("kB", "", StringComparison.Ordinal),
            NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture
        );
}
