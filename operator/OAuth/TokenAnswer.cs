using System.Globalization;
using System.Net;
using System.Text.Json;

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
        var json = AnswerJson.TryParse(answer.Body.Span);
        return OAuthError.Read(json, answer.Status, spent) switch
        {
            { IsTransient: true } error => Unavailable(answer, $"token endpoint answered {(int)answer.Status} ({error.Code})"),
            { } error => new TokenOutcome.Refused(error.Code, error.Description, answer.Status, answer.RetryAfter),
            null when IsSuccess(answer.Status) => WithRefreshToken(TokenMembers.Read(json), json, answer.Body.Span),
            null => JudgeStatus(answer),
        };
    }

    /// <summary>An answer that cannot be used has spent the refresh token that was sent, so the new one must not be lost with it.</summary>
    private static TokenOutcome WithRefreshToken(TokenOutcome outcome, AnswerJson? json, ReadOnlySpan<byte> body) =>
        outcome is TokenOutcome.Malformed malformed
            ? malformed with
            {
                RefreshToken = TokenMembers.Secret(
                    json is null ? AnswerJson.Salvage(body, "refresh_token") : json.LastText("refresh_token")),
            }
            : outcome;

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

/// <summary>
/// Reads the members of a granted token (RFC 6749 section 5.1). What would be published wrongly is Malformed, never guessed.
/// </summary>
internal static class TokenMembers
{
    /// <summary>Ten years: above every lifetime in use, below every epoch time or millisecond count sent by mistake.</summary>
    private const double MaxLifetimeSeconds = 10 * 365.25 * 86400;

    /// <summary>A token set, or Malformed naming the member that is wrong.</summary>
    public static TokenOutcome Read(AnswerJson? json)
    {
        if (json is not { IsObject: true })
        {
            return Malformed("is not a JSON object");
        }

        if (json.IsUnreadable("error"))
        {
            return Malformed("has an error that cannot be read");
        }

        if (json.Text("access_token") is not { Length: > 0 } accessToken || !IsVisible(accessToken))
        {
            return Malformed("has no usable access_token");
        }

        if (!string.Equals(json.Text("token_type"), "Bearer", StringComparison.OrdinalIgnoreCase))
        {
            return Malformed("has no token_type Bearer");
        }

        if (json.IsUnreadable("refresh_token"))
        {
            return Malformed("has a refresh_token that cannot be read");
        }

        if (!TryReadLifetime(json, out var lifetime))
        {
            return Malformed("has an expires_in that is not a number of seconds between one and ten years' worth");
        }

        return TryReadScopes(json, out var scopes)
            ? new TokenOutcome.Granted(
                new TokenSet(
                    Sensitive.From(accessToken), "Bearer", lifetime, scopes, Secret(json.Text("refresh_token")), RefreshLifetime(json))
                {
                    IdToken = Secret(json.Text("id_token")),
                }
            )
            : Malformed("has a scope that is not text");
    }

    /// <summary>
    /// Taken as it is: a refresh token goes back to its server, form-encoded, and of an ID token only the claims are read, by a reader that
    /// trusts nothing. An empty one is none, and must replace nothing.
    /// </summary>
    public static Sensitive? Secret(string? text) => text is { Length: > 0 } ? Sensitive.From(text) : null;

    /// <summary>
    /// Absent and null mean that the server does not say; anything else must be a sensible number, since a guess would publish an expired
    /// token.
    /// </summary>
    private static bool TryReadLifetime(AnswerJson json, out TimeSpan? lifetime)
    {
        lifetime = null;
        if (json.Value("expires_in") is not { ValueKind: not JsonValueKind.Null } member)
        {
            return true;
        }

        lifetime = Seconds(member);
        return lifetime is not null;
    }

    /// <summary>Not in any RFC and zero for "never" at some servers, so a value that makes no sense is only ignored.</summary>
    private static TimeSpan? RefreshLifetime(AnswerJson json) =>
        (json.Value("refresh_token_expires_in") ?? json.Value("refresh_expires_in")) is { } member ? Seconds(member) : null;

    private static TimeSpan? Seconds(JsonElement member)
    {
        double seconds;
        var isNumber = member.ValueKind switch
        {
            JsonValueKind.Number => member.TryGetDouble(out seconds),
            JsonValueKind.String => double.TryParse(
                AnswerJson.TextOf(member), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out seconds),
            _ => Nothing(out seconds),
        };
        return isNumber && seconds is >= 1 and <= MaxLifetimeSeconds ? TimeSpan.FromSeconds(Math.Floor(seconds)) : null;
    }

    private static bool Nothing(out double seconds)
    {
        seconds = 0;
        return false;
    }

    /// <summary>The member <c>scope</c>, of an answer or of a token; null when it is absent or no text.</summary>
    internal static IReadOnlyList<string>? ScopesIn(AnswerJson json) => TryReadScopes(json, out var scopes) ? scopes : null;

    /// <summary>A space-separated text; some servers send a list.</summary>
    private static bool TryReadScopes(AnswerJson json, out IReadOnlyList<string>? scopes)
    {
        scopes = null;
        if (json.Value("scope") is not { ValueKind: not JsonValueKind.Null } member)
        {
            return true;
        }

        string?[] texts = member.ValueKind == JsonValueKind.Array
            ? [.. member.EnumerateArray().Select(item => AnswerJson.TextOf(item))]
            : [AnswerJson.TextOf(member)];
        scopes = texts.Contains(null) ? null : [.. texts.SelectMany(text => Split(text!))];
        return scopes is not null;
    }

    private static string[] Split(string scopes) => scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Visible ASCII: anything else would break, or inject into, the header that readers build.</summary>
    private static bool IsVisible(string text) => !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    private static TokenOutcome.Malformed Malformed(string problem) => new($"the answer of the token endpoint {problem}");
}
