using VismaOperator.FaultCampaign;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>Compares a row with what was seen.</summary>
internal static class FaultDifferences
{
    /// <summary>How long the campaign waits for what the rows say.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>Every cell that differs.</summary>
    public static IEnumerable<FaultDifference> Between(FaultRow row, FaultSigns seen) =>
        row.Signs.Columns.Zip(seen.Columns)
            .Where(pair => !pair.First.Cell.SequenceEqual(pair.Second.Cell))
            .Select(pair => new FaultDifference(row, pair.First.Column, Text(pair.First.Cell), Text(pair.Second.Cell)));

    private static string Text(IReadOnlyList<string> cell) =>
        cell.Count == 0 ? "none" : string.Join(", ", cell.Select(one => $"\"{one.Replace("\"", "\\\"", StringComparison.Ordinal)}\""));
}

/// <summary>One cell that differs.</summary>
internal sealed record FaultDifference(FaultRow Row, string Column, string Expected, string Seen)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Row.Number} {Row.Cause}, {Column}: expected {Expected}, seen {Seen}";
}
