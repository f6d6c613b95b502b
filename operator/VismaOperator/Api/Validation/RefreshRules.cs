namespace VismaOperator.Api.Validation;

/// <summary>What the times of renewal must fulfil.</summary>
internal static class RefreshRules
{
    private static readonly DurationRule duration = new(
        TimeSpan.FromSeconds(1),
        TimeSpan.FromHours(24),
        "the duration must be between 1s and 24h, written with the units h, m, s and ms in this order, such as 10m or 1h30m");

    internal static void Check(Findings findings, RefreshSpec refresh)
    {
        duration.Check(findings, "spec.refresh.minRemainingValidity", refresh.MinRemainingValidity);
        if (refresh.RenewBefore is null)
        {
            return;
        }

        duration.Check(findings, "spec.refresh.renewBefore", refresh.RenewBefore);
        if (
            GoDuration.TryParse(refresh.RenewBefore, out var renewBefore)
            && GoDuration.TryParse(refresh.MinRemainingValidity, out var minimum)
        )
        {
            findings.Require(
                renewBefore >= minimum,
                "spec.refresh.renewBefore",
                "renewBefore must not be shorter than minRemainingValidity: make it longer, or leave it out for a third of the real "
                + "lifetime"
            );
        }
    }
}

/// <summary>What a duration must fulfil.</summary>
/// <param name="Shortest">The shortest that is allowed.</param>
/// <param name="Longest">The longest that is allowed.</param>
/// <param name="Message">The message for any other, word for word as in the schema.</param>
internal sealed record DurationRule(TimeSpan Shortest, TimeSpan Longest, string Message)
{
    internal void Check(Findings findings, string path, string text) =>
        findings.Require(GoDuration.TryParse(text, out var duration) && duration >= Shortest && duration <= Longest, path, Message);
}
