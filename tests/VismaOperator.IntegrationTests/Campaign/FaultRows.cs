namespace VismaOperator.FaultCampaign;

/// <summary>What is expected to be seen of each cause.</summary>
internal static class FaultRows
{
    public static IReadOnlyList<FaultRow> All { get; } =
        [.. FaultRowsOfProvider.All.Concat(FaultRowsOfCluster.All).OrderBy(row => row.Number)];
}
