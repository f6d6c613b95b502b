namespace OAuth;

/// <summary>
/// This machine's clock compared with the <c>Date</c> of an answer (RFC 9110 section 6.6.1). Says nothing of lifetimes, which the answer
/// states as durations.
/// </summary>
/// <param name="Ahead">How far this machine is ahead of the server; negative when it is behind.</param>
/// <param name="Uncertainty">By how much that may be wrong, since nobody knows when between question and answer the server looked at its
/// clock.</param>
public sealed record ClockReading(TimeSpan Ahead, TimeSpan Uncertainty)
{
    private static readonly TimeSpan second = TimeSpan.FromSeconds(1); // what Date is cut to

    /// <summary>The reading of one exchange, against its middle; null where nothing can be said.</summary>
    /// <param name="date">The header; null when it is missing or unreadable.</param>
    /// <param name="sent">When the request began, by this machine's clock.</param>
    /// <param name="took">How long it took until the header was there.</param>
    /// <param name="received">When it was there, by this machine's clock.</param>
    internal static ClockReading? Of(DateTimeOffset? date, DateTimeOffset sent, TimeSpan took, DateTimeOffset received)
    {
        var wasSetMeanwhile = (received - sent - took).Duration() > second;
        return date is { } server && !wasSetMeanwhile
            ? new ClockReading(sent + (took / 2) - (server + (second / 2)), (took / 2) + (second / 2))
            : null;
    }
}
