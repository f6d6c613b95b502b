using System.Net;
using System.Text.Json;

namespace OAuth;

/// <summary>
/// An error answer (RFC 6749 section 5.2), fit to be shown. The member <c>error</c> decides at whatever status, since servers disagree on
/// statuses.
/// </summary>
/// <param name="Code">The <c>error</c> member.</param>
/// <param name="Description">The <c>error_description</c> member; null when absent.</param>
/// <param name="IsTransient">Whether it is about the server or the moment, rather than a judgement of the request.</param>
internal sealed record OAuthError(string Code, string? Description, bool IsTransient)
{
    /// <summary>Longest code that is shown.</summary>
    public const int MaxCodeLength = 64;

    /// <summary>Longest description that is shown.</summary>
    public const int MaxDescriptionLength = 200;

    /// <summary>The error of an answer; null when it has none.</summary>
    /// <exception cref="InvalidOperationException">A text is not valid Unicode.</exception>
    public static OAuthError? Read(JsonDocument? json, HttpStatusCode status, SpentCredentials spent)
    {
        if (json?.RootElement is not { } root || root.Text("error") is not { Length: > 0 } error)
        {
            return null;
        }

        RememberIssued(root, spent);
        var isTransient = OAuthErrors.IsTransient(error) || (IsOverload(status) && !OAuthErrors.IsVerdict(error));
        return new OAuthError(CodeOf(error, spent), DescriptionOf(root.Text("error_description"), spent), isTransient);
    }

    /// <summary>A code as it may be shown.</summary>
    public static string CodeOf(string error, SpentCredentials spent) =>
        OAuthErrors.IsRegistered(error) ? error : spent.Quote(error, MaxCodeLength);

    /// <summary>A description as it may be shown; null when there is none.</summary>
    public static string? DescriptionOf(string? description, SpentCredentials spent) =>
        string.IsNullOrEmpty(description) ? null : spent.Quote(description, MaxDescriptionLength);

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

    private static bool IsOverload(HttpStatusCode status) => (int)status is >= 500 or 429;
}
