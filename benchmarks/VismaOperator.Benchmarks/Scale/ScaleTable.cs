using System.Globalization;
using System.Text;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>Writes rows as Markdown.</summary>
internal static class ScaleTable
{
    /// <summary>All tables with what they were taken on.</summary>
    public static string Of(IReadOnlyList<ScaleRow> rows, ScaleOptions options, DateTimeOffset now)
    {
        var text = new StringBuilder();
        var kind = options.IsPublished ? "published executable" : "built, compiles itself while running";
        Line(text, $"Taken {now:yyyy-MM-dd HH:mm} UTC on {Machine.Description}; operator: {kind}{More(options)}.");
        Line(text, $"");
        First(text, rows);
        Requests(text, rows);
        Restart(text, rows);
        return text.ToString();
    }

    private static string More(ScaleOptions options) =>
        options.MoreArguments.Count == 0 ? "" : $" with {string.Join(' ', options.MoreArguments)}";

    private static void First(StringBuilder text, IReadOnlyList<ScaleRow> rows)
    {
        Row(
            text,
            $"connections", $"workers", $"load before", $"all Ready", $"CPU", $"CPU an object", $"cluster's CPU an object",
            $"RSS at 0 / all Ready", $"anonymous", $"start to healthy"
        );
        Line(text, $"|---|---|---|---|---|---|---|---|---|---|");
        foreach (var (connections, workers, load, empty, first, _) in rows)
        {
            Row(
                text,
                $"{connections}", $"{workers}", $"{load:0.0}", $"{first.Done.TotalSeconds:0.0} s", $"{first.Cpu.TotalSeconds:0.0} s",
                $"{first.Cpu.TotalMilliseconds / connections:0.00} ms", $"{first.ClusterCpu.TotalMilliseconds / connections:0.0} ms",
                $"{empty.ResidentMebibytes:0} / {first.ResidentMebibytes:0} MiB",
                $"{empty.AnonymousMebibytes:0} / {first.AnonymousMebibytes:0} MiB", $"{empty.Healthy.TotalSeconds:0.00} s"
            );
        }

        Line(text, $"");
    }

    private static void Requests(StringBuilder text, IReadOnlyList<ScaleRow> rows)
    {
        Row(
            text,
            $"connections", $"workers", $"token requests", $"API requests", $"an object", $"by method", $"reconciles an object",
            $"allocated an object", $"log an object"
        );
        Line(text, $"|---|---|---|---|---|---|---|---|---|");
        foreach (var (connections, workers, _, empty, first, _) in rows)
        {
            var requests = first.Requests.Values.Sum();
            Row(
                text,
                $"{connections}", $"{workers}", $"{first.TokenRequests}", $"{requests}", $"{requests / connections:0.00}",
                $"{ByMethod(first)}", $"{first.Reconciles / connections:0.00}",
                $"{(first.AllocatedBytes - empty.AllocatedBytes) / connections / 1024:0} KiB", $"{first.LogBytes / connections} B"
            );
        }

        Line(text, $"");
    }

    private static void Restart(StringBuilder text, IReadOnlyList<ScaleRow> rows)
    {
        Row(
            text,
            $"restart with", $"workers", $"start to synced", $"every one looked at", $"CPU", $"RSS", $"API requests", $"writes",
            $"token requests"
        );
        Line(text, $"|---|---|---|---|---|---|---|---|---|");
        foreach (var (connections, workers, _, _, _, restart) in rows)
        {
            Row(
                text,
                $"{connections} fresh", $"{workers}", $"{restart.Healthy.TotalSeconds:0.00} s", $"{restart.Done.TotalSeconds:0.00} s",
                $"{restart.Cpu.TotalSeconds:0.0} s", $"{restart.ResidentMebibytes:0} MiB", $"{ByMethod(restart)}", $"{restart.Writes}",
                $"{restart.TokenRequests}"
            );
        }
    }

    private static string ByMethod(Measurement measurement) =>
        string.Join(
            ", ",
            measurement
                .Requests.OrderBy(entry => entry.Key, StringComparer.Ordinal)
                .Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Key} {entry.Value}"))
        );

    private static void Row(StringBuilder text, params FormattableString[] cells) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.ToString(CultureInfo.InvariantCulture))).Append(" |\n");

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
