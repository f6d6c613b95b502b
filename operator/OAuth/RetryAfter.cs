using System.Globalization;

namespace OAuth;

/// <summary>Reads the <c>Retry-After</c> header (RFC 9110 section 10.2.3).</summary>
internal static class RetryAfter
{
    /// <summary>An hour: longer than any throttle seen, short enough that a mistaken header does not cost a token's whole life.</summary>
    public static readonly TimeSpan Cap = TimeSpan.FromHours(1);

    /// <summary>The wait asked for in seconds or as a date, capped; null when absent, unreadable, zero or past.</summary>
    public static TimeSpan? Parse(string? header, DateTimeOffset now)
    {
        var text = header?.Trim();
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            // The words for what is no number are read as well, whatever the style.
            return double.IsNaN(seconds) ? null : Positive(TimeSpan.FromSeconds(Math.Clamp(seconds, 0, Cap.TotalSeconds)));
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? Positive(date - now)
            : null;
    }

    /// <summary>The wait, capped; null when there is nothing to wait for.</summary>
    public static TimeSpan? Positive(TimeSpan wait) =>
        wait <= TimeSpan.Zero ? null : wait < Cap ? wait : Cap;
}
