using System.Globalization;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>What a figure must not exceed.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="Limit">The highest figure that meets it.</param>
/// <param name="Format">How both are written, with the unit.</param>
/// <param name="Value">The figure; null where it was not measured.</param>
internal sealed record Goal(string Name, double Limit, string Format, Func<Results, double?> Value)
{
    /// <summary>The goals of "Native and lean". Those of a start are for 16 workers.</summary>
    public static readonly IReadOnlyList<Goal> All =
    [
        ToBaseline("all Ready", RowNames.Ready, Measurement.ReadySeconds, 1000, 0.68),
        ToBaseline("all Ready", RowNames.Ready, Measurement.ReadySeconds, 5000, 0.72),
        ToFloor(1000),
        ToFloor(5000),
        ToBaseline("CPU per connection", RowNames.Ready, "cpu_ms_per_connection", 1000, 0.33),
        ToBaseline("CPU per connection", RowNames.Ready, "cpu_ms_per_connection", 5000, 0.45),
        Allocated(1000),
        Allocated(5000),
        ToBaseline("restart, all fresh: CPU", RowNames.Restart, "cpu_s", 5000, 0.33),
        Restart("RSS", "rss_mib", 85, "0.0' MiB'"),
        Restart("token requests", "token_requests", 0, "0"),
        Restart("writes", "writes", 0, "0"),
        new("RSS without any connection", 34, "0.0' MiB'", results => results.Find(RowNames.Start, "rss_mib")),
        Memory(1000, 50),
        Memory(5000, 75),
        Memory(10_000, 110),
        new("start to healthy without any connection", 0.15, "0.000' s'", results => results.Find(RowNames.Start, "healthy_s")),
        // A handful of requests is for the client and for lists, whatever the number of connections.
        new("API requests per connection, 5,000", 2.02, "0.00", results => results.Find(RowNames.Ready, "requests_per_connection", 5000)),
        new("creation to Secret, idle, p99", 60, "0.0' ms'", results => results.Find(RowNames.Latency, "p99_ms")),
        UnrelatedSecrets("while running", "running_mib"),
        UnrelatedSecrets("at a restart", "restart_mib"),
        // Less than 1 KiB for each connection is what tables and pools settle at, not growth.
        new("growth over 24 simulated hours", 0.2, "0.00' MiB'", results => results.Find(RowNames.Day, "growth_mib", DayRow.Connections)),
        new("executable", 22, "0.0' MB'", results => results.Find(RowNames.Start, "executable_mb")),
    ];

    /// <summary>The table of all goals.</summary>
    public static IEnumerable<string> Table(Results results) =>
    [
        "| what | goal | measured | |", "|---|---|---|---|",
        .. All.Select(goal =>
        {
            var (measured, limit) = (goal.Value(results), goal.Limit.ToString(goal.Format, CultureInfo.InvariantCulture));
            var shown = measured?.ToString(goal.Format, CultureInfo.InvariantCulture) ?? "not measured";
            var verdict = measured is null ? "" : measured <= goal.Limit ? "met" : "**missed**";
            return $"| {goal.Name} | <= {limit} | {shown} | {verdict} |";
        }),
    ];

    private static Goal ToBaseline(string name, string row, string value, int connections, double limit) =>
        new(
            $"{name}, {Number(connections)}: ratio to {Contender.Baseline}",
            limit,
            "0.00",
            results => results.Find(row, value, connections) / results.Find(row, value, connections, Contender.Baseline)
        );

    private static Goal ToFloor(int connections) =>
        new(
            $"all Ready, {Number(connections)}: ratio to the floor",
            1.25,
            "0.00",
            results =>
                results.Find(RowNames.Ready, Measurement.ReadySeconds, connections)
                / results.Find(RowNames.Ready, Measurement.ReadySeconds, connections, Contender.Floor)
        );

    private static Goal UnrelatedSecrets(string when, string value) =>
        new(
            $"growth with unrelated Secrets, {when}",
            3,
            "0.0' MiB'",
            results => results.Find(RowNames.Secrets, value, SecretsRow.Connections)
        );

    private static Goal Restart(string name, string value, double limit, string format) =>
        new($"restart, 5,000 fresh: {name}", limit, format, results => results.Find(RowNames.Restart, value, 5000));

    private static Goal Memory(int connections, double limit) =>
        new(
            $"RSS when all are Ready, {Number(connections)}",
            limit,
            "0.0' MiB'",
            results => results.Find(RowNames.Ready, "rss_mib", connections)
        );

    private static Goal Allocated(int connections) =>
        new(
            $"allocated per connection, {Number(connections)}",
            48,
            "0' KiB'",
            results => results.Find(RowNames.Ready, "allocated_kib_per_connection", connections)
        );

    private static string Number(int connections) => connections.ToString("N0", CultureInfo.InvariantCulture);
}
