namespace VismaOperator.Benchmarks.Scale;

/// <summary>Quantiles of samples.</summary>
internal static class Percentiles
{
    /// <summary>The smallest sample that so many of them do not exceed (nearest rank).</summary>
    public static double Of(IReadOnlyList<double> sorted, double share) =>
        sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Count) - 1)];
}
