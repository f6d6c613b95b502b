namespace VismaOperator.Api.Validation;

/// <summary>What the times of renewal must fulfil.</summary>
internal static class RefreshRules
{
    private static readonly TimeSpan shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan longest = TimeSpan.FromHours(24);

    internal static void Check(Findings findings, RefreshSpec refresh)
    {
        CheckDuration(findings, "spec.refresh.minRemainingValidity", refresh.MinRemainingValidity);
        if (refresh.RenewBefore is null)
        {
            return;
        }

        CheckDuration(findings, "spec.refresh.renewBefore", refresh.RenewBefore);
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

    private static void CheckDuration(Findings findings, string path, string text) => findings.Require(
        GoDuration.TryParse(text, out var duration) && duration >= shortest && duration <= longest,
        path,
        "the duration must be between 1s and 24h, written with the units h, m, s and ms in this order, such as 10m or 1h30m");
}
