namespace Lifecycle;

/// <summary>
/// When a token is renewed: a pure function of its lifetime, the margins and the object's identity. Also: when a refresh token must be used
/// so that it does not expire.
/// </summary>
public static class RefreshSchedule
{
    /// <summary>
    /// What providers that leave out <c>expires_in</c> usually mean (RFC 6749 section 5.1 recommends the member); Visma's own default.
    /// </summary>
    public static readonly TimeSpan LifetimeWhenUnstated = TimeSpan.FromHours(1);

    private static readonly TimeSpan keepAliveInterval = TimeSpan.FromDays(7);

    // A refresh token that expires sooner is not kept alive: that would cost too many requests.
    private static readonly TimeSpan earliestKeepAlive = TimeSpan.FromMinutes(1);

    // A request and a few quick retries fit into this before the promised margin is touched.
    private static readonly TimeSpan maxHeadroom = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The least validity that a reader finds: never more than half of the lifetime, or a token would be renewed as soon as it came.
    /// </summary>
    public static TimeSpan KeptValidity(TimeSpan lifetime, RefreshMargins margins) =>
        Min(margins.MinRemainingValidity, lifetime / 2);

    /// <summary>True when the validity that was asked for had to be cut.</summary>
    public static bool IsLifetimeTooShort(TimeSpan lifetime, RefreshMargins margins) =>
        margins.MinRemainingValidity > lifetime / 2;

    /// <summary>
    /// When to renew. Objects that were created together drift apart by up to a tenth of the lifetime, always to the
    /// early side, so that the margin holds for each of them; and never earlier than a quarter of the lifetime (at least
    /// one second), so that no configuration can make a loop. A whole number of seconds after <paramref name="issueTime"/>.
    /// </summary>
    public static DateTimeOffset RefreshTime(DateTimeOffset issueTime, TimeSpan lifetime, RefreshMargins margins, string identity)
    {
        var margin = KeptValidity(lifetime, margins);
        var headroom = Min(maxHeadroom, lifetime / 20);
        var renewBefore = Max(margins.RenewBefore ?? (lifetime / 3), margin + headroom);
        var latest = lifetime - renewBefore - (Spread.Of(identity) * (lifetime / 10));
        return issueTime + Max(WholeSeconds.Floor(latest), WholeSeconds.Ceiling(EarliestGap(lifetime)));
    }

    /// <summary>The least time between two successful renewals that nobody asked for.</summary>
    public static TimeSpan EarliestGap(TimeSpan lifetime) => Max(lifetime / 4, TimeSpan.FromSeconds(1));

    /// <summary>
    /// The latest time to use a refresh token, so that it does not expire unused: half-way to the expiry that use puts off, and after a
    /// week at the latest. Duende IdentityServer lets refresh tokens slide by 15 days unless told otherwise; half of that leaves a week
    /// for an outage. Never within a minute, so that no provider can make a loop.
    /// </summary>
    /// <param name="lastExchange">When it was issued or last used.</param>
    /// <param name="expiry">When it expires; null when the provider did not say, or when no use puts that off.</param>
    public static DateTimeOffset KeepAliveTime(DateTimeOffset lastExchange, DateTimeOffset? expiry) =>
        lastExchange
        + (
            expiry is { } end && end > lastExchange
                ? Max(earliestKeepAlive, Min(keepAliveInterval, WholeSeconds.Floor((end - lastExchange) / 2)))
                : keepAliveInterval
        );

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;
}

/// <summary>How early a token is renewed (<c>spec.refresh</c>).</summary>
/// <param name="MinRemainingValidity">What a reader always finds left while the provider answers.</param>
/// <param name="RenewBefore">How long before expiry to renew; null for a third of the lifetime.</param>
public sealed record RefreshMargins(TimeSpan MinRemainingValidity, TimeSpan? RenewBefore)
{
    /// <summary>
    /// The schema's default: ten minutes, a sixth of the usual lifetime of an hour. That outlasts a usual deployment of the provider and
    /// the 60 to 90 s that a kubelet takes to update a mounted Secret.
    /// </summary>
    public static RefreshMargins Default { get; } = new(TimeSpan.FromMinutes(10), RenewBefore: null);
}

/// <summary>
/// A number in [0, 1) that belongs to an object for good, so that many objects spread and each keeps its place across restarts.
/// </summary>
public static class Spread
{
    /// <summary>FNV-1a over the identity, finished with a mix so that close names do not give close numbers.</summary>
    public static double Of(string identity)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in identity)
        {
            hash = unchecked((hash ^ character) * 1099511628211UL);
        }

        hash = unchecked((hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL);
        hash = unchecked((hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL);
        return ((hash ^ (hash >> 33)) >> 11) / (double)(1UL << 53);
    }
}
