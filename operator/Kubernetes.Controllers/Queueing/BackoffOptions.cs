namespace Kubernetes.Controllers.Queueing;

/// <summary>
/// How long to wait after failures in a row: doubling from <paramref name="Initial"/> to <paramref name="Maximum"/>, the upper half of it
/// by chance.
/// </summary>
/// <param name="Initial">Upper bound of the wait after the first failure.</param>
/// <param name="Maximum">Upper bound of every wait.</param>
public sealed record BackoffOptions(TimeSpan Initial, TimeSpan Maximum)
{
    /// <summary>
    /// For keys of a work queue: 200 ms to 5 min. Short enough at the start that a blip of the API server is not noticed, long
    /// enough at the end that a thousand failing objects ask for less than four requests a second.
    /// </summary>
    public static BackoffOptions ForKeys { get; } = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromMinutes(5));

    /// <summary>For lists and watches: 200 ms to 30 s, since everything else waits for them.</summary>
    public static BackoffOptions ForWatches { get; } = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30));

    /// <summary>The wait after a number of failures in a row.</summary>
    /// <param name="failures">How many; at least 1.</param>
    /// <param name="random">Chance in [0, 1).</param>
    public TimeSpan DelayAfter(int failures, double random)
    {
        // Beyond 2^40 any sensible maximum is long reached, and the shift would overflow.
        var bound = Math.Min(Maximum.TotalSeconds, Initial.TotalSeconds * (1L << Math.Clamp(failures - 1, 0, 40)));
        return TimeSpan.FromSeconds(bound * (0.5 + (0.5 * random)));
    }
}
