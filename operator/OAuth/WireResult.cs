using System.Net;

namespace OAuth;

/// <summary>What came of one HTTP exchange, before anybody judges it.</summary>
internal abstract record WireResult
{
    private WireResult()
    {
    }

    /// <summary>A complete answer within the size limit.</summary>
    public sealed record Answer(HttpStatusCode Status, string MediaType, TimeSpan? RetryAfter, byte[] Body) : WireResult
    {
        /// <summary>This machine's clock beside the server's; null where nothing can be said.</summary>
        public ClockReading? Clock { get; init; }
    }

    /// <summary>The answer was larger than allowed and was not read to its end.</summary>
    public sealed record TooLarge(HttpStatusCode Status, int Limit) : WireResult;

    /// <summary>No complete answer.</summary>
    /// <param name="Cause">One sentence, without URL or body.</param>
    /// <param name="MayHaveArrived">Whether a byte of the request's content was handed to a connection.</param>
    public sealed record Failed(string Cause, bool MayHaveArrived) : WireResult;
}
