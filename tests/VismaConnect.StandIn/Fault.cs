using System.Globalization;

namespace VismaConnect.StandIn;

/// <summary>Something that goes wrong with one request.</summary>
public abstract record Fault
{
    private Fault()
    {
    }

    /// <summary>An answer in place of the real one; nothing is processed.</summary>
    public sealed record Answer(int Status, string Body, string MediaType, IReadOnlyDictionary<string, string> Headers) : Fault;

    /// <summary>The request is processed after a time on the stand-in's clock, whether or not the client still waits.</summary>
    public sealed record Slow(TimeSpan By) : Fault;

    /// <summary>Something waits until <paramref name="Until"/> has ended. Only within one process.</summary>
    public abstract record Holding(Task Until) : Fault
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes when a request, or its answer, is held.</summary>
        public Task Reached => reached.Task;

        internal Task HoldAsync(CancellationToken cancellationToken)
        {
            reached.TrySetResult();
            return Until.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The request is processed once <paramref name="Until"/> has ended.</summary>
    public sealed record Hold(Task Until) : Holding(Until);

    /// <summary>
    /// The request is processed, a token enters the ledger, and the answer leaves once <paramref name="Until"/> has ended.
    /// </summary>
    public sealed record HoldAnswer(Task Until) : Holding(Until);

    /// <summary>The connection is reset before the request is processed.</summary>
    public sealed record CutBefore : Fault;

    /// <summary>The request is processed, a token enters the ledger, and the connection is reset before the answer.</summary>
    public sealed record CutAfterProcessing : Fault;

    /// <summary>The request is processed, and the connection is reset after half of the answer.</summary>
    public sealed record CutDuringAnswer : Fault;

    /// <summary>500 with an empty body, or another status.</summary>
    public static Fault ServerError(int status = 500) => new Answer(status, "", "text/plain", NoHeaders);

    /// <summary>429 with <c>Retry-After</c> in seconds.</summary>
    public static Fault TooManyRequests(TimeSpan retryAfter) => new Answer(
        429, "", "text/plain", Header("Retry-After", ((long)retryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture)));

    /// <summary>429 with <c>Retry-After</c> as a date.</summary>
    public static Fault TooManyRequestsUntil(DateTimeOffset date) =>
        new Answer(429, "", "text/plain", Header("Retry-After", date.ToString("R", CultureInfo.InvariantCulture)));

    /// <summary>200 with bytes that say they are JSON and are not.</summary>
    public static Fault Garbage() => new Answer(200, "{\"access_token\":\u0001\u0002 oops", "application/json", NoHeaders);

    /// <summary>200 with a valid JSON object of about so many bytes.</summary>
    public static Fault Huge(int bytes = 1024 * 1024) =>
        new Answer(200, "{\"padding\":\"" + new string('x', bytes) + "\"}", "application/json", NoHeaders);

    /// <summary>An HTML page, as gateways send.</summary>
    public static Fault Html(int status = 200) =>
        new Answer(status, "<!doctype html><title>Sorry</title><p>We are down for maintenance.", "text/html", NoHeaders);

    /// <summary>302 to another place.</summary>
    public static Fault Redirect(string to) => new Answer(302, "", "text/plain", Header("Location", to));

    /// <summary>An OAuth error at any status.</summary>
    public static Fault Error(StandInError error, int status = 400) => new Answer(status, Bodies.Of(error), "application/json", NoHeaders);

    /// <summary>A fault of the ERP API, as it writes them.</summary>
    public static Fault Erp(string code, string message, int status = 500) =>
        new Answer(status, Bodies.OfErpFault(code, message), "application/json", NoHeaders);

    private static IReadOnlyDictionary<string, string> NoHeaders { get; } = new Dictionary<string, string>();

    private static Dictionary<string, string> Header(string name, string value) => new() { [name] = value };
}
