namespace Lifecycle;

/// <summary>How long to wait after the n-th failure in a row.</summary>
public static class FailureBackoff
{
    /// <summary>The longest wait, even if a server asks for more: a person, too, looks again after an hour.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private const int QuickExchanges = 4;

    private static readonly TimeSpan transientBase = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan transientCap = TimeSpan.FromMinutes(5);

    // Shorter waits would only ask more often before an expiry that is near.
    private static readonly TimeSpan shortestCut = TimeSpan.FromSeconds(10);

    // The developer portal says that changes take "a minute or two" to be seen; a quicker retry would only add noise.
    private static readonly TimeSpan personBase = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The wait after <paramref name="attempts"/> failures. Transient: full jitter over an exponentially growing window
    /// (half of it at least, so that a retry is never immediate). Needs a person: minutes, doubling to an hour.
    /// </summary>
    /// <param name="kind">What the failure asks for.</param>
    /// <param name="attempts">Failures in a row, this one included.</param>
    /// <param name="random">A random number in [0, 1); injected, so that a schedule can be replayed.</param>
    /// <param name="retryAfter">What the server asked for; honoured up to <see cref="Longest"/>.</param>
    public static TimeSpan Delay(FailureKind kind, int attempts, double random, TimeSpan? retryAfter)
    {
        var (first, cap) = kind == FailureKind.Transient ? (transientBase, transientCap) : (personBase, Longest);
        var window = Window(first, cap, attempts);
        var delay = kind == FailureKind.Transient ? (window / 2) + (window / 2 * random) : window;
        var asked = retryAfter ?? TimeSpan.Zero;
        var longest = delay > asked ? delay : asked;
        return longest < Longest ? longest : Longest;
    }

    /// <summary>
    /// The wait after an exchange of a refresh token. A lost answer leaves a token that may be spent, which a provider with a grace takes
    /// for that long only (Visma's portal: 5 to 60 s): so 1, 2, 4 and 8 s come first, without jitter.
    /// </summary>
    public static TimeSpan DelayOfExchange(FailureKind kind, int attempts, double random, TimeSpan? retryAfter)
    {
        if (kind != FailureKind.Transient || attempts > QuickExchanges)
        {
            return Delay(kind, attempts, random, retryAfter);
        }

        var quick = TimeSpan.FromSeconds(1 << (attempts - 1));
        var asked = retryAfter < Longest ? retryAfter.Value : retryAfter is null ? TimeSpan.Zero : Longest;
        return quick > asked ? quick : asked;
    }

    /// <summary>
    /// When a client may be tried again whose every secret was refused: a minute after the first time, and the wait doubles to an hour.
    /// Without jitter, since one connection tries for all.
    /// </summary>
    /// <param name="refusals">How often in a row every secret was refused, the last time included.</param>
    /// <param name="now">When that was, or any later instant.</param>
    public static DateTimeOffset ClientRetryTime(int refusals, DateTimeOffset now) =>
        WholeSeconds.Ceiling(now + Delay(FailureKind.NeedsPerson, refusals, random: 0, retryAfter: null));

    /// <summary>
    /// The same wait, cut so that what is published is renewed in time once the API server permits it: nothing tells when a permission is
    /// given. At most a quarter of the time that is left, so that a thousand connections still have the rest of it; but ten seconds at
    /// least. Once it has expired, at most as long as while the API server is away.
    /// </summary>
    /// <param name="delay">The wait by the number of failures.</param>
    /// <param name="left">For how long what is published is valid; zero or less once it has expired.</param>
    public static TimeSpan InTime(TimeSpan delay, TimeSpan left)
    {
        var quarter = left / 4;
        var longest = left <= TimeSpan.Zero ? transientCap : quarter > shortestCut ? quarter : shortestCut;
        return delay < longest ? delay : longest;
    }

    // The exponent is bounded before the shift, so that a thousand failures do not overflow into a short wait.
    private static TimeSpan Window(TimeSpan first, TimeSpan cap, int attempts)
    {
        var doublings = Math.Clamp(attempts - 1, 0, 20);
        var window = first * (1L << doublings);
        return window < cap ? window : cap;
    }
}
