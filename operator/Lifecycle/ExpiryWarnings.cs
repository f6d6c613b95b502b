using System.Globalization;

namespace Lifecycle;

/// <summary>
/// When to warn of an expiry that is known beforehand (of a client secret, of a consent). Messages change only at these steps, so that each
/// step causes one status write and one event.
/// </summary>
public static class ExpiryWarnings
{
    /// <summary>How many days ahead.</summary>
    public static readonly IReadOnlyList<int> Days = [30, 14, 7, 1];

    /// <summary>True from the first warning on.</summary>
    public static bool IsDue(DateTimeOffset expiry, DateTimeOffset now) => expiry - TimeSpan.FromDays(Days[0]) <= now;

    /// <summary>The next step after now, the end itself included; null when all are past.</summary>
    public static DateTimeOffset? NextStep(DateTimeOffset expiry, DateTimeOffset now) =>
        Days.Append(0).Select(days => (DateTimeOffset?)(expiry - TimeSpan.FromDays(days))).Where(step => step > now).Min();

    /// <summary>How much is left, in steps: <c>within 14 days</c>. Only before the end.</summary>
    public static string Left(DateTimeOffset expiry, DateTimeOffset now)
    {
        var step = Days.Where(days => expiry - now <= TimeSpan.FromDays(days)).DefaultIfEmpty(Days[0]).Min();
        return step == 1 ? "within a day" : string.Create(CultureInfo.InvariantCulture, $"within {step} days");
    }
}
