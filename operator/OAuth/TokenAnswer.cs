using System.Net;

namespace OAuth;

/// <summary>
/// Judges the answer of a token endpoint: first by the <c>error</c> member at any status, since servers disagree on statuses (Duende's
/// answers 400 to everything, others 401), then by the status, then by the members of a token.
/// </summary>
internal static class TokenAnswer
{
    /// <summary>The outcome. Throws nothing for any bytes.</summary>
    public static TokenOutcome Judge(WireResult.Answer answer, SpentCredentials spent)
    {
        using var json = AnswerJson.TryParse(answer.Body);
        try
        {
            return OAuthError.Read(json, answer.Status, spent) switch
            {
                { IsTransient: true } error => Unavailable(answer, $"token endpoint answered {(int)answer.Status} ({error.Code})"),
                { } error => new TokenOutcome.Refused(error.Code, error.Description, answer.Status, answer.RetryAfter),
                null when IsSuccess(answer.Status) => TokenMembers.Read(json),
                null => JudgeStatus(answer),
            };
        }
        catch (InvalidOperationException)
        {
            // A string that is valid JSON and not valid Unicode cannot be read.
            return new TokenOutcome.Malformed("the answer of the token endpoint holds text that is not valid Unicode")
            {
                RefreshToken = IsSuccess(answer.Status) ? TokenMembers.RefreshTokenIn(json) : null,
            };
        }
    }

    private static TokenOutcome JudgeStatus(WireResult.Answer answer)
    {
        var status = (int)answer.Status;
        return status switch
        {
            >= 500 or 429 or 408 => Unavailable(answer, $"token endpoint answered {status}"),
            >= 300 and < 400 => new TokenOutcome.Malformed(
                $"token endpoint answered {status}, a redirect, which is not followed; is its URL right?"
            ),
            _ => new TokenOutcome.Malformed(
                $"token endpoint answered {status} ({answer.MediaType}) without an OAuth error; is its URL right?"
            ),
        };
    }

    private static TokenOutcome.Unavailable Unavailable(WireResult.Answer answer, string cause) =>
        new(cause, answer.RetryAfter, MayHaveBeenProcessed: true) { StatusCode = answer.Status };

    private static bool IsSuccess(HttpStatusCode status) => (int)status is >= 200 and < 300;
}
