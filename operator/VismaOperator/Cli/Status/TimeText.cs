using Lifecycle;

namespace VismaOperator.Cli.Status;

/// <summary>Instants for people: how far away they are, in the units of kubectl's AGE, and when by the clock.</summary>
internal static class TimeText
{
    private static readonly (TimeSpan Below, TimeSpan Major, string MajorUnit, TimeSpan Minor, string MinorUnit)[] steps =
    [
        (TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(1), "s", TimeSpan.Zero, ""),
        (TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(1), "m", TimeSpan.FromSeconds(1), "s"),
        (TimeSpan.FromHours(3), TimeSpan.FromMinutes(1), "m", TimeSpan.Zero, ""),
        (TimeSpan.FromHours(8), TimeSpan.FromHours(1), "h", TimeSpan.FromMinutes(1), "m"),
        (TimeSpan.FromHours(48), TimeSpan.FromHours(1), "h", TimeSpan.Zero, ""),
        (TimeSpan.FromDays(8), TimeSpan.FromDays(1), "d", TimeSpan.FromHours(1), "h"),
        (TimeSpan.MaxValue, TimeSpan.FromDays(1), "d", TimeSpan.Zero, ""),
    ];

    /// <summary>A span such as <c>45s</c>, <c>38m</c>, <c>3h20m</c>, <c>12d</c>.</summary>
    public static string Span(TimeSpan span)
    {
        var (_, major, majorUnit, minor, minorUnit) = steps.First(step => span < step.Below || step.Below == TimeSpan.MaxValue);
        var rest = minor == TimeSpan.Zero ? 0 : (span.Ticks % major.Ticks) / minor.Ticks;
        return FormattableString.Invariant($"{span.Ticks / major.Ticks}{majorUnit}{(rest > 0 ? $"{rest}{minorUnit}" : string.Empty)}");
    }

    /// <summary><c>in 38m</c>, or <c>38m ago</c>.</summary>
    public static string Distance(DateTimeOffset instant, DateTimeOffset now) =>
        instant > now ? $"in {Span(instant - now)}" : $"{Span(now - instant)} ago";

    /// <summary><c>2026-11-23 12:00:00Z (in 38m)</c>.</summary>
    public static string Full(DateTimeOffset instant, DateTimeOffset now) => $"{InstantText.Of(instant)} ({Distance(instant, now)})";
}
