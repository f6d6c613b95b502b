using System.Globalization;
using System.Net;
using System.Text.Json;
using Lifecycle;
using OAuth;

namespace VismaOperator.Probing;

/// <summary>
/// Reads what the ERP API says: by its fault code at any status, then by the status, then by what the answer is made of. Texts of the API
/// are quoted and decide nothing.
/// </summary>
internal static class ErpAnswer
{
    /// <summary>The headers that are read.</summary>
    public static IReadOnlyList<string> Headers { get; } = [LimitHeader, RemainingHeader, ResetHeader];

    private const string LimitHeader = "X-RateLimit-Limit";
    private const string RemainingHeader = "X-RateLimit-Remaining";
    private const string ResetHeader = "X-RateLimit-Reset";

    // "No license for this company."
    private const string CompanyClosed = "12027";

    private const int LongestQuote = 120;

    // Where a limit is reached and the API does not say for how long.
    private static readonly TimeSpan usualPause = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan longestPause = TimeSpan.FromHours(1);

    /// <summary>The outcome. Throws nothing for any bytes.</summary>
    public static ProbeOutcome Judge(ResourceOutcome.Answered answer, DateTimeOffset now)
    {
        var json = answer.Body is { } body ? AnswerJson.TryParse(body.Span) : null;
        var (code, said) = (Word(json, "ExceptionFaultCode"), Word(json, "ExceptionMessage") ?? Word(json, "Message"));
        var outcome = code == CompanyClosed ? new ProbeOutcome.CompanyRefused() : ByStatus(answer, json is not null, code);
        return outcome with
        {
            Limits = LimitsOf(answer, now),
            IsRefused = (int)answer.Status is >= 400 and < 500 and not (408 or 429),
            Said = outcome.IsAccepted ? null
                : said is not null ? answer.Quote(said, LongestQuote)
                : IsPage(answer) ? "a web page: a gateway may have answered in place of the API"
                : null,
        };
    }

    private static ProbeOutcome ByStatus(ResourceOutcome.Answered answer, bool isJson, string? code) =>
        answer.Status switch
        {
            HttpStatusCode.Unauthorized => new ProbeOutcome.Unauthorized(),
            HttpStatusCode.Forbidden => new ProbeOutcome.Forbidden(),
            HttpStatusCode.NotFound => new ProbeOutcome.NotFound(),
            HttpStatusCode.TooManyRequests => new ProbeOutcome.RateLimited(),
            _ when code is not null => new ProbeOutcome.Unexpected($"the fault {answer.Quote(code, 16)}"),
            HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError =>
                new ProbeOutcome.Unavailable($"it answered {(int)answer.Status}"),
            >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices => ByContent(answer, isJson),
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest =>
                new ProbeOutcome.Unexpected($"{(int)answer.Status}, a redirect, which is not followed"),
            _ => new ProbeOutcome.Unexpected($"{(int)answer.Status}"),
        };

    // A page of a gateway or of a login comes with 200, too. A JSON answer that is too large to read shows that the token is accepted.
    private static ProbeOutcome ByContent(ResourceOutcome.Answered answer, bool isJson) =>
        answer.Body switch
        {
            _ when IsPage(answer) => new ProbeOutcome.Unexpected("a web page"),
            { Length: 0 } => new ProbeOutcome.Accepted(),
            null when answer.MediaType.EndsWith("json", StringComparison.OrdinalIgnoreCase) => new ProbeOutcome.Accepted(),
            _ when isJson => new ProbeOutcome.Accepted(),
            _ => new ProbeOutcome.Unexpected("something that is not JSON"),
        };

    private static bool IsPage(ResourceOutcome.Answered answer) =>
        answer.MediaType.Contains("html", StringComparison.OrdinalIgnoreCase);

    // {"ExceptionMessage": ..., "ExceptionFaultCode": "12027", ...}, or only {"Message": ...}.
    private static string? Word(AnswerJson? json, string member) =>
        json?.Text(member) is { Length: > 0 } text ? text
        : json?.Value(member) is { ValueKind: JsonValueKind.Number } number ? number.GetRawText()
        : null;

    private static ProbeLimits LimitsOf(ResourceOutcome.Answered answer, DateTimeOffset now)
    {
        var (limit, remaining) = (Number(answer, LimitHeader), Number(answer, RemainingHeader));
        var isUsedUp = answer.Status == HttpStatusCode.TooManyRequests || remaining is <= 0;
        var pause = answer.RetryAfter ?? (isUsedUp ? ResetIn(Number(answer, ResetHeader), now) ?? usualPause : null);
        return limit is null && remaining is null && pause is null ? ProbeLimits.None : new ProbeLimits(limit, remaining, pause);
    }

    /// <summary>Seconds until the window ends; the older API sent a Unix time, which is a far larger number.</summary>
    private static TimeSpan? ResetIn(long? reset, DateTimeOffset now)
    {
        const long EarliestUnixTime = 1_000_000_000;
        var seconds = reset is >= EarliestUnixTime ? reset - now.ToUnixTimeSeconds() : reset;
        return seconds is > 0 ? TimeSpan.FromSeconds(Math.Min(seconds.Value, (long)longestPause.TotalSeconds)) : null;
    }

    private static long? Number(ResourceOutcome.Answered answer, string header) =>
        answer.Headers.TryGetValue(header, out var text)
        && long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
