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

/// <summary>
/// Reads the members of a granted token (RFC 6749 section 5.1). What would be published wrongly is Malformed, never guessed.
/// </summary>
internal static class TokenMembers
{
    /// <summary>Ten years: above every lifetime in use, below every epoch time or millisecond count sent by mistake.</summary>
    private const double MaxLifetimeSeconds = 10 * 365.25 * 86400;

    /// <summary>A token set, or Malformed naming the member that is wrong.</summary>
    public static TokenOutcome Read(JsonDocument? json) =>
        json is null
            ? Malformed("is not a JSON object", refreshToken: null)
            : Read(json.RootElement, OptionalSecret(json.RootElement, "refresh_token"));

    private static TokenOutcome Read(JsonElement root, Sensitive? refreshToken)
    {
        if (root.Text("access_token") is not { Length: > 0 } accessToken || !IsVisible(accessToken))
        {
            return Malformed("has no usable access_token", refreshToken);
        }

        if (!string.Equals(root.Text("token_type"), "Bearer", StringComparison.OrdinalIgnoreCase))
        {
            return Malformed("has no token_type Bearer", refreshToken);
        }

        if (!TryReadLifetime(root, out var lifetime))
        {
            return Malformed("has an expires_in that is not a number of seconds between one and ten years' worth", refreshToken);
        }

        return TryReadScopes(root, out var scopes)
            ? new TokenOutcome.Granted(
                new TokenSet(Sensitive.From(accessToken), "Bearer", lifetime, scopes, refreshToken, RefreshLifetime(root))
                {
                    IdToken = ReadableSecret(root, "id_token"),
                }
            )
            : Malformed("has a scope that is not text", refreshToken);
    }

    /// <summary>
    /// Taken as it is: a refresh token goes back to its server, form-encoded, and of an ID token only the claims are read, by a reader that
    /// trusts nothing. An empty one is none, and must replace nothing.
    /// </summary>
    private static Sensitive? OptionalSecret(JsonElement root, string member) =>
        root.Text(member) is { Length: > 0 } text ? Sensitive.From(text) : null;

    /// <summary>The refresh token of an answer that cannot be read otherwise; null when there is none.</summary>
    public static Sensitive? RefreshTokenIn(JsonDocument? json) => json is null ? null : ReadableSecret(json.RootElement, "refresh_token");

    private static Sensitive? ReadableSecret(JsonElement root, string member)
    {
        try
        {
            return OptionalSecret(root, member);
        }
        catch (InvalidOperationException)
        {
            return null; // not valid Unicode
        }
    }

    /// <summary>
    /// Absent and null mean that the server does not say; anything else must be a sensible number, since a guess would publish an expired
    /// token.
    /// </summary>
    private static bool TryReadLifetime(JsonElement root, out TimeSpan? lifetime)
    {
        lifetime = null;
        if (!root.TryGetProperty("expires_in", out var member) || member.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        lifetime = Seconds(member);
        return lifetime is not null;
    }

    /// <summary>Not in any RFC and zero for "never" at some servers, so a value that makes no sense is only ignored.</summary>
    private static TimeSpan? RefreshLifetime(JsonElement root) =>
        root.TryGetProperty("refresh_token_expires_in", out var member) || root.TryGetProperty("refresh_expires_in", out member)
            ? Seconds(member)
            : null;

    private static TimeSpan? Seconds(JsonElement member)
    {
        double seconds;
        var isNumber = member.ValueKind switch
        {
            JsonValueKind.Number => member.TryGetDouble(out seconds),
            JsonValueKind.String => double.TryParse(
                member.GetString(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out seconds),
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
    internal static IReadOnlyList<string>? ScopesIn(JsonElement root) => TryReadScopes(root, out var scopes) ? scopes : null;

    /// <summary>A space-separated text; some servers send a list.</summary>
    private static bool TryReadScopes(JsonElement root, out IReadOnlyList<string>? scopes)
    {
        scopes = null;
        if (!root.TryGetProperty("scope", out var member) || member.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        scopes = member.ValueKind switch
        {
            JsonValueKind.String => Split(member.GetString()!),
            JsonValueKind.Array when member.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
                => [.. member.EnumerateArray().SelectMany(item => Split(item.GetString()!))],
            _ => null,
        };
        return scopes is not null;
    }

    private static string[] Split(string scopes) => scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Visible ASCII: anything else would break, or inject into, the header that readers build.</summary>
    private static bool IsVisible(string text) => !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    private static TokenOutcome.Malformed Malformed(string problem, Sensitive? refreshToken) =>
        new($"the answer of the token endpoint {problem}") { RefreshToken = refreshToken };
}
