using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Grants;

/// <summary>How long a refresh token and the consent behind it last.</summary>
internal static class RefreshTokenLife
{
    // Clocks and rounding make an expiry that stays where it is wander by seconds.
    private static readonly TimeSpan tolerance = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether exchanges move the expiry of the refresh token on. One answer cannot show that. The next answer shows it, unless it follows
    /// at once: then the expiry had no time to move.
    /// </summary>
    /// <param name="before">The grant before the exchange.</param>
    /// <param name="issueTime">When the exchange was made.</param>
    /// <param name="expiry">The expiry that the answer stated; null when it stated none.</param>
    public static bool? Slides(HeldGrant before, DateTimeOffset issueTime, DateTimeOffset? expiry) =>
        expiry is null || before.RefreshTokenExpirationTime is not { } former || issueTime - before.AccessToken.IssueTime < 2 * tolerance
            ? before.RefreshTokenSlides
            : expiry > former + tolerance;

    /// <summary>When the refresh token must be used at the latest. An end that no use puts off gives no reason to use it.</summary>
    public static DateTimeOffset KeepAliveTime(HeldGrant held) =>
        RefreshSchedule.KeepAliveTime(
            held.AccessToken.IssueTime,
            held.RefreshTokenSlides == false ? null : held.RefreshTokenExpirationTime
        );

    /// <summary>
    /// When the consent ends: as the provider says where its word is an end, else after the lifetime that the spec states.
    /// </summary>
    public static DateTimeOffset ConsentEnd(HeldGrant held, VismaConnection connection) =>
        held is { RefreshTokenSlides: false, RefreshTokenExpirationTime: { } stated }
            ? stated
            : held.GrantTime + connection.Spec.Authorization.ConsentLifetimeSpan();
}
