using System.Globalization;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>What Linux accounts to a process: proc(5).</summary>
/// <param name="Cpu">User and system time.</param>
/// <param name="ResidentMebibytes">Resident memory.</param>
/// <param name="AnonymousMebibytes">The part of it that no file backs.</param>
/// <param name="PeakMebibytes">The most that was resident since the process started.</param>
internal sealed record ProcessUsage(TimeSpan Cpu, double ResidentMebibytes, double AnonymousMebibytes, double PeakMebibytes)
{
    /// <summary>Linux reports 100 ticks a second to user space on every architecture that .NET supports.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>The usage of a running process.</summary>
    public static ProcessUsage Of(int id)
    {
        var status = File.ReadAllLines($"/proc/{id}/status");
        return new ProcessUsage(CpuOf(id), Mebibytes(status, "VmRSS:"), Mebibytes(status, "RssAnon:"), Mebibytes(status, "VmHWM:"));
    }

    /// <summary>Writes the memory into figures.</summary>
    public void WriteMemory(IDictionary<string, double> values)
    {
        values["rss_mib"] = ResidentMebibytes;
        values["anonymous_mib"] = AnonymousMebibytes;
        values["peak_mib"] = PeakMebibytes;
    }

    /// <summary>The time of all processes that this one started and that have the given name.</summary>
    public static TimeSpan CpuOfChildren(params ReadOnlySpan<string> names)
    {
        var wanted = names.ToArray();
        var sum = TimeSpan.Zero;
        foreach (
            var folder in Directory
                .EnumerateDirectories("/proc")
                .Where(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out _))
        )
        {
            sum +=
                File.Exists($"{folder}/comm") && Parent(folder) == Environment.ProcessId && wanted.Any(name => NameOf(folder) == Comm(name))
                    ? CpuOf(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture))
                    : TimeSpan.Zero;
        }

        return sum;
    }

    // The kernel cuts names after 15 bytes.
    private static string Comm(string name) => name.Length > 15 ? name[..15] : name;

    private static string NameOf(string folder) => File.ReadAllText($"{folder}/comm").TrimEnd();

    private static int Parent(string folder)
    {
        try
        {
            return int.Parse(Fields($"{folder}/stat")[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // it ended between being listed and being read
        }
    }

    /// <summary>User and system time of a running process.</summary>
    public static TimeSpan CpuOf(int id)
    {
        var fields = Fields($"/proc/{id}/stat");
        var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        return TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }

    // The fields after the name, which stands in parentheses and may itself hold spaces; the first is the state.
    private static string[] Fields(string file)
    {
        var text = File.ReadAllText(file);
        return text[(text.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static double Mebibytes(string[] status, string name)
    {
        var line = Array.Find(status, line => line.StartsWith(name, StringComparison.Ordinal)) ?? $"{name} 0 kB";
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
