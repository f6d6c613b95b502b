using System.Net;

namespace OAuth;

/// <summary>
/// Judges the answer of a revocation endpoint: by the status alone when it is good (RFC 7009 section 2.2), otherwise by the <c>error</c>
/// member first.
/// </summary>
internal static class RevocationAnswer
{
    /// <summary>The outcome. Throws nothing for any bytes.</summary>
    public static RevocationOutcome Judge(WireResult.Answer answer, SpentCredentials spent)
    {
        if (IsSuccess(answer.Status))
        {
            return new RevocationOutcome.Revoked();
        }

        return OAuthError.Read(AnswerJson.TryParse(answer.Body.Span), answer.Status, spent) switch
        {
            { IsTransient: true } error => Unavailable(answer.Status, $" ({error.Code})", answer.RetryAfter),
            { } error => new RevocationOutcome.Refused(error.Code) { Description = error.Description },
            null => JudgeStatus(answer.Status, answer.RetryAfter),
        };
    }

    /// <summary>The outcome of an answer whose body says nothing.</summary>
    public static RevocationOutcome JudgeStatus(HttpStatusCode status, TimeSpan? retryAfter) => (int)status switch
    {
        >= 200 and < 300 => new RevocationOutcome.Revoked(),
        >= 500 or 429 or 408 => Unavailable(status, "", retryAfter),
        var code => new RevocationOutcome.Refused($"http_{code}")
        {
            Description = $"revocation endpoint answered {code} without an OAuth error; is its URL right?",
        },
    };

    private static RevocationOutcome.Unavailable Unavailable(HttpStatusCode status, string code, TimeSpan? retryAfter) =>
        new($"revocation endpoint answered {(int)status}{code}") { StatusCode = status, RetryAfter = retryAfter };

    private static bool IsSuccess(HttpStatusCode status) => (int)status is >= 200 and < 300;
}
