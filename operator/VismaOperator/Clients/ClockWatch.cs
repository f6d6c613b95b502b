using System.Collections.Concurrent;
using System.Globalization;
using OAuth;

namespace VismaOperator.Clients;

/// <summary>
/// Notices when the clocks of this machine and of a provider differ, which otherwise shows only when a token is used too late. It only
/// reports: lifetimes are durations, and no time is corrected.
/// </summary>
internal sealed partial class ClockWatch(ILogger log)
{
    /// <summary>Smaller differences are not reported.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);

    // The problem ends only well within the tolerance. Otherwise a clock at its edge would begin and end a problem with every answer.
    private static readonly TimeSpan agreement = Tolerance / 2;

    private const int YearsInDays = 3652; // ten years: such a date comes from no clock

    private readonly ConcurrentDictionary<string, TimeSpan> ahead = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Raised when the known difference to a provider's clock changes.</summary>
    public event Action? Changed;

    /// <summary>How far this machine is ahead of a provider (negative: behind); null while the two agree, or nothing is known.</summary>
    public TimeSpan? AheadOf(Uri issuer) => ahead.TryGetValue(issuer.Authority, out var known) ? known : null;

    /// <summary>Takes in what an answer of the provider says.</summary>
    public void Observe(Uri issuer, ClockReading? reading)
    {
        if (reading is null)
        {
            return;
        }

        var (provider, distance) = (issuer.Authority, reading.Ahead.Duration());
        if (distance - reading.Uncertainty > Tolerance)
        {
            Begin(provider, reading.Ahead);
        }
        else if (distance + reading.Uncertainty < agreement && ahead.TryRemove(provider, out _))
        {
            LogAgrees(provider);
            Changed?.Invoke();
        }
    }

    /// <summary>Such a difference in words, for people.</summary>
    public static string Words(TimeSpan ahead, string provider, string machine = "the operator's machine")
    {
        var (minutes, seconds) = ((long)Math.Round(ahead.Duration().TotalMinutes), (long)Math.Round(ahead.Duration().TotalSeconds));
        var days = (long)ahead.Duration().TotalDays;
        var words = days > YearsInDays
            ? "more than 10 years"
            : days >= 4
            ? string.Create(CultureInfo.InvariantCulture, $"{days} days")
            : minutes >= 60
            ? string.Create(CultureInfo.InvariantCulture, $"{minutes / 60} h {minutes % 60} min")
            : string.Create(CultureInfo.InvariantCulture, $"{seconds / 60} min {seconds % 60} s");
        return $"The clock of {machine} is {words} {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} the clock of {provider}";
    }

    private void Begin(string provider, TimeSpan now)
    {
        if (ahead.TryAdd(provider, now))
        {
            LogDiffers(Words(now, provider));
            Changed?.Invoke();
        }
        else if (ahead.TryGetValue(provider, out var known)
            && (now - known).Duration() > Tolerance
            && ahead.TryUpdate(provider, now, known))
        {
            Changed?.Invoke();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, EventName = "ClockSkewed", Message =
        "{Difference}, by the Date header of its answers. Expiry times in Secrets and status are wrong by as much: "
        + "synchronise that machine's clock (NTP)")]
    private partial void LogDiffers(string difference);

    [LoggerMessage(Level = LogLevel.Information, EventName = "ClockAgrees", Message =
        "The clock of this machine and that of {Provider} agree again")]
    private partial void LogAgrees(string provider);
}
