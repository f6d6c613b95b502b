using System.Globalization;
using System.Text;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>Writes results as Markdown.</summary>
internal static class ResultTables
{
    /// <summary>What stands before the verb and the resource of a count of requests.</summary>
    public const string Requests = "requests ";

    private const string Memory = "RSS=rss_mib=0.0' MiB', anonymous=anonymous_mib=0.0' MiB', peak=peak_mib=0.0' MiB'";

    // Header, name of the value, format.
    private static readonly (string Row, string Title, string Columns)[] tables =
    [
        (RowNames.Start, "Start without any connection",
            $"start to healthy (median of 5)=healthy_s=0.000' s', {Memory}, executable=executable_mb=0.0' MB'"),
        (RowNames.Ready, "Start with connections that have no token",
            "all Ready=ready_s=0.0' s', lowest=ready_s_low=0.0' s', highest=ready_s_high=0.0' s', CPU=cpu_s=0.00' s', "
            + "CPU per connection=cpu_ms_per_connection=0.00' ms', "
            + $"CPU of the cluster per connection=cluster_ms_per_connection=0.0' ms', {Memory}, "
            + "API requests per connection=requests_per_connection=0.00, allocated per connection=allocated_kib_per_connection=0' KiB', "
            + "objects per connection=stored_kib_per_connection=0.0' KiB', token requests=token_requests=0"),
        (RowNames.Idle, "The same process at rest",
            $"minutes=minutes=0.#, {Memory}, CPU per minute=cpu_ms_per_minute=0' ms'"),
        (RowNames.Restart, "Restart while all tokens are fresh",
            $"start to healthy=healthy_s=0.00' s', all looked at=done_s=0.0' s', CPU=cpu_s=0.00' s', {Memory}, "
            + "token requests=token_requests=0, writes=writes=0"),
        (RowNames.Latency, "Creation of a connection to its Secret, nothing else happens",
            "samples=samples=0, p50=p50_ms=0.0' ms', p99=p99_ms=0.0' ms', max=max_ms=0.0' ms'"),
        (RowNames.Renewals, "The wave of renewals after all tokens were issued together",
            "late p50=late_p50_s=0.00' s', late p99=late_p99_s=0.00' s', late max=late_max_s=0.00' s', average=average_per_s=0.0'/s', "
            + "peak=peak_per_s=0'/s', peak over average=peak_over_average=0.0, CPU per renewal=cpu_ms_per_renewal=0.00' ms', "
            + "API requests per renewal=requests_per_renewal=0.00"),
        (RowNames.Secrets, "Unrelated Secrets",
            "Secrets=secrets=0, growth while running=running_mib=0.0' MiB', growth at a restart=restart_mib=0.0' MiB'"),
        (RowNames.Failover, "Failover: until the other replica has published the token of a connection that was created meanwhile",
            "leader stopped=stopped_s=0.0' s', leader killed=killed_s=0.0' s'"),
        (RowNames.Day, "24 simulated hours, in one process with its cluster",
            "renewals=renewals=0, heap after 4 hours=early_mib=0.00' MiB', heap after 24 hours=late_mib=0.00' MiB', "
            + "growth=growth_mib=0.00' MiB'"),
    ];

    /// <summary>A page of its own: the goals, then each row that was measured.</summary>
    public static string Page(Results results) =>
        $"# {Machine.Description}\n\nMade by `make bench`; [what the rows mean](../../README.md).\n{Of(results, "##")}";

    /// <summary>Puts the same into a page, in place of what stands there between two marks.</summary>
    public static void WriteInto(string page, Results results)
    {
        const string begin = "<!-- measured: written by make bench -->\n";
        const string end = "<!-- end of measured -->";
        var text = File.ReadAllText(page);
        var (from, to) = (text.IndexOf(begin, StringComparison.Ordinal), text.IndexOf(end, StringComparison.Ordinal));
        File.WriteAllText(page, $"{text[..(from + begin.Length)]}\nOn {Machine.Description}.\n{Of(results, "###")}\n{text[to..]}");
    }

    private static string Of(Results results, string heading)
    {
        var text = new StringBuilder();
        var (first, last) = (results.All.Select(taken => taken.Taken).Min(), results.All.Select(taken => taken.Taken).Max());
        var revisions = string.Join(", ", results.All.Select(taken => taken.Revision).Where(revision => revision.Length > 0).Distinct());
        text.Append(CultureInfo.InvariantCulture, $"Taken from {first:yyyy-MM-dd HH:mm} to {last:yyyy-MM-dd HH:mm} UTC")
            .Append(revisions.Length > 0 ? $";\noperator built from {revisions}" : "")
            .Append(CultureInfo.InvariantCulture, $".\n\n{heading} Goals\n\n")
            .AppendJoin('\n', Goal.Table(results))
            .Append('\n');
        foreach (var (row, title, columns) in tables)
        {
            AppendTable(text, $"{heading} {title}", columns, [.. results.All.Where(taken => taken.Row == row)]);
        }

        return text.ToString();
    }

    private static void AppendTable(StringBuilder text, string title, string columns, List<Measurement> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var fields = columns.Split(", ").Select(column => column.Split('='));
        var shown = fields.Where(field => rows.Exists(row => row.Values.ContainsKey(field[1]))).ToList();
        string[] rounds = rows.Exists(row => row.Rounds > 1) ? ["rounds"] : [];
        string[] requests = rows.Exists(row => row.Values.Keys.Any(IsRequest)) ? ["API requests"] : [];
        string[] headers = ["connections", "program", .. shown.Select(field => field[0]), .. rounds, .. requests, "cores in use before"];
        AppendRow(text.Append(CultureInfo.InvariantCulture, $"\n{title}\n\n"), headers);
        text.Append('|').Insert(text.Length, "---|", headers.Length).Append('\n');
        foreach (var row in rows)
        {
            AppendRow(
                text,
                [
                    row.Connections.ToString("N0", CultureInfo.InvariantCulture),
                    row.Program,
                    .. shown.Select(field => Text(row, field[1], field[2])),
                    .. rounds.Select(_ => row.Rounds.ToString(CultureInfo.InvariantCulture)),
                    .. requests.Select(_ => RequestsOf(row)),
                    row.CoresBefore?.ToString("0.0", CultureInfo.InvariantCulture) ?? "",
                ]
            );
        }
    }

    private static string Text(Measurement row, string value, string format) =>
        row.Values.TryGetValue(value, out var figure) ? figure.ToString(format, CultureInfo.InvariantCulture) : "";

    private static string RequestsOf(Measurement row) =>
        string.Join(
            ", ",
            from value in row.Values
            where IsRequest(value.Key)
            select $"{value.Key[Requests.Length..]} {value.Value:0}"
        );

    private static bool IsRequest(string value) => value.StartsWith(Requests, StringComparison.Ordinal);

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
