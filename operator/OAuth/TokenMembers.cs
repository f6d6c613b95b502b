using System.Globalization;
using System.Text.Json;

namespace OAuth;

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
