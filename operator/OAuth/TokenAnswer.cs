using System.Net;
using System.Text.Json;

namespace OAuth;

/// <summary>
/// Judges the answer of a token endpoint: first by the <c>error</c> member at whatever status, since servers disagree on
/// statuses (Duende's answers 400 to everything, others 401), then by the status, then by the members of a token.
/// </summary>
internal static class TokenAnswer
{
    private const int MaxErrorLength = 64;
    private const int MaxDescriptionLength = 200;
    private const string Withheld = "(withheld: it repeated a credential)";

    /// <summary>The outcome; throws nothing, whatever the bytes.</summary>
    public static TokenOutcome Judge(WireResult.Answer answer, SpentCredentials spent)
    {
        using var json = AnswerJson.TryParse(answer.Body);
        try
        {
            if (json?.RootElement is { } root && root.Text("error") is { Length: > 0 } error)
            {
                return JudgeError(answer, root, error, spent);
            }

            return IsSuccess(answer.Status) ? TokenMembers.Read(json) : JudgeStatus(answer);
        }
        catch (InvalidOperationException)
        {
            // A string that is valid JSON and not valid Unicode cannot be read.
            return new TokenOutcome.Malformed("the answer of the token endpoint holds text that is not valid Unicode");
        }
    }

    private static TokenOutcome JudgeError(WireResult.Answer answer, JsonElement root, string error, SpentCredentials spent)
    {
        RememberIssued(root, spent);
        var code = OAuthErrors.IsRegistered(error) ? error : Safe(error, MaxErrorLength, spent);
        if (OAuthErrors.IsTransient(error) || (IsOverload(answer.Status) && !OAuthErrors.IsVerdict(error)))
        {
            return Unavailable(answer, $"token endpoint answered {(int)answer.Status} ({code})");
        }

        var description = root.Text("error_description") is { Length: > 0 } text ? Safe(text, MaxDescriptionLength, spent) : null;
        return new TokenOutcome.Refused(code, description, answer.Status, answer.RetryAfter);
    }

    private static TokenOutcome JudgeStatus(WireResult.Answer answer)
    {
        var status = (int)answer.Status;
        return status switch
        {
            >= 500 or 429 or 408 => Unavailable(answer, $"token endpoint answered {status}"),
            >= 300 and < 400 => new TokenOutcome.Malformed($"token endpoint answered {status}, a redirect, which is not followed; is its URL right?"),
            _ => new TokenOutcome.Malformed($"token endpoint answered {status} ({answer.MediaType}) without an OAuth error; is its URL right?"),
        };
    }

    private static TokenOutcome.Unavailable Unavailable(WireResult.Answer answer, string cause) =>
        new(cause, answer.RetryAfter, MayHaveBeenProcessed: true) { StatusCode = answer.Status };

    /// <summary>Tokens beside an error are never used, but the description may repeat them.</summary>
    private static void RememberIssued(JsonElement root, SpentCredentials spent)
    {
        foreach (var member in (ReadOnlySpan<string>)["access_token", "refresh_token", "id_token"])
        {
            if (root.Text(member) is { Length: > 0 } value)
            {
                spent.Add(value);
            }
        }
    }

    private static string Safe(string text, int maxLength, SpentCredentials spent) =>
        spent.AreIn(text) ? Withheld : PrintableText.Cut(text, maxLength);

    private static bool IsSuccess(HttpStatusCode status) => (int)status is >= 200 and < 300;

    private static bool IsOverload(HttpStatusCode status) => (int)status is >= 500 or 429;
}
