using System.Text.Json;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>
/// The measurements of one machine and day. In a folder they are <c>results.json</c>, and <c>README.md</c> made of it; a row that is
/// measured again replaces the earlier one, so that a run can be done in parts.
/// </summary>
internal sealed class Results
{
    private static readonly JsonSerializerOptions json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly string? folder;
    private readonly List<Measurement> measurements;

    private Results(string? folder, List<Measurement> measurements) => (this.folder, this.measurements) = (folder, measurements);

    /// <summary>All, in the order of rows, connections and programs.</summary>
    public IReadOnlyList<Measurement> All =>
        [
            .. measurements
                .OrderBy(taken => ScaleRun.Rows.ToList().IndexOf(taken.Row))
                .ThenBy(taken => taken.Connections)
                .ThenBy(taken => Contender.All.ToList().IndexOf(taken.Program)),
        ];

    /// <summary>Those of a folder so far; none where there is no folder.</summary>
    public static Results Open(string? folder)
    {
        var file = folder is null ? null : Path.Combine(folder, "results.json");
        var kept = File.Exists(file) ? JsonSerializer.Deserialize<Document>(File.ReadAllText(file), json)!.Measurements : [];
        return new Results(folder, [.. kept]);
    }

    /// <summary>Keeps a measurement.</summary>
    public void Add(Measurement taken)
    {
        measurements.RemoveAll(kept => (kept.Row, kept.Program, kept.Connections) == (taken.Row, taken.Program, taken.Connections));
        measurements.Add(taken);
        if (folder is not null)
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "results.json"), JsonSerializer.Serialize(new Document(Machine.Description, All), json));
            File.WriteAllText(Path.Combine(folder, "README.md"), ResultTables.Page(this));
        }
    }

    /// <summary>A figure; null where it was not measured.</summary>
    public double? Find(string row, string value, int connections = 0, string program = Contender.Operator) =>
        measurements.Find(taken => (taken.Row, taken.Program, taken.Connections) == (row, program, connections))
            is { } found && found.Values.TryGetValue(value, out var figure)
            ? figure
            : null;

    private sealed record Document(string Machine, IReadOnlyList<Measurement> Measurements);
}
