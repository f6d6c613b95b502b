using OAuth;

namespace VismaOperator.Grants;

/// <summary>A consent that a browser was sent for.</summary>
internal sealed record ConsentAttempt
{
    /// <summary>
    /// How many attempts may be open for one connection: more than people who consent at once, and few enough to fit into a Secret.
    /// </summary>
    public const int MaxOpen = 8;

    /// <summary>Hash of the <c>state</c> parameter.</summary>
    public required string StateHash { get; init; }

    /// <summary>Hash of the cookie that was set in the browser.</summary>
    public required string CookieHash { get; init; }

    /// <summary>The PKCE verifier.</summary>
    public required Sensitive CodeVerifier { get; init; }

    /// <summary>Where the provider was asked to send the answer.</summary>
    public required string RedirectUri { get; init; }

    /// <summary>Issuer that the browser was sent to (RFC 9207).</summary>
    public required string Issuer { get; init; }

    /// <summary>
    /// Whether that issuer promised to name itself in its answer. Remembered, since the replica that takes the answer may be unable to ask.
    /// </summary>
    public required IssParameter Iss { get; init; }

    /// <summary>
    /// What the person was asked for; see <see cref="Lifecycle.TokenInputs"/>. A code that comes back after that has changed is for
    /// something else.
    /// </summary>
    public required string Inputs { get; init; }

    /// <summary>When an answer comes too late.</summary>
    public required DateTimeOffset ExpirationTime { get; init; }

    /// <summary>Family of the grant that stood when this was begun, which the consent may replace; null when none did.</summary>
    public string? Former { get; init; }

    /// <summary>True when a consent was stored since this was begun. That one counts: nobody undoes it with an older attempt.</summary>
    public bool IsSupersededIn(GrantDocument document) => document.Held is { } held && held.Family != Former;

    /// <summary>
    /// Stands in the metadata of the grant Secret, which every replica watches: made of hashes alone, and shown by nobody but the browser
    /// that has state and cookie of this attempt.
    /// </summary>
    public string Mark => MarkOf(StateHash, CookieHash);

    /// <summary>The mark of an attempt with this state and cookie, whether or not there is one.</summary>
    public static string MarkOf(Sensitive state, Sensitive cookie) => MarkOf(Unguessable.HashOf(state), Unguessable.HashOf(cookie));

    /// <summary>The attempts of a Secret.</summary>
    public static IReadOnlyList<ConsentAttempt> ReadAll(SecretText text) =>
        [.. Enumerable.Range(1, MaxOpen).Select(slot => Read(text, key => GrantKeys.InSlot(key, slot))).OfType<ConsentAttempt>()];

    /// <summary>Writes attempts into a Secret.</summary>
    public static void WriteAll(SecretText text, IReadOnlyList<ConsentAttempt> attempts)
    {
        foreach (var (index, attempt) in attempts.Take(MaxOpen).Index())
        {
            attempt.Write(text, key => GrantKeys.InSlot(key, index + 1));
        }
    }

    private static string MarkOf(string stateHash, string cookieHash) => Unguessable.HashOf(Sensitive.From($"{stateHash}.{cookieHash}"));

    private static ConsentAttempt? Read(SecretText text, Func<string, string> name) =>
        text.Text(name(GrantKeys.AttemptStateHash)) is { } state
        && text.Text(name(GrantKeys.AttemptCookieHash)) is { } cookie
        && text.Sensitive(name(GrantKeys.AttemptCodeVerifier)) is { } verifier
        && text.Text(name(GrantKeys.AttemptRedirectUri)) is { } redirect
        && text.Text(name(GrantKeys.AttemptIssuer)) is { } issuer
        && text.Text(name(GrantKeys.AttemptInputs)) is { } inputs
        && text.Instant(name(GrantKeys.AttemptExpiresAt)) is { } expires
            ? new ConsentAttempt
            {
                StateHash = state,
                CookieHash = cookie,
                CodeVerifier = verifier,
                RedirectUri = redirect,
                Issuer = issuer,
                Iss = IssOf(text.Truth(name(GrantKeys.AttemptNamesIssuer))),
                Inputs = inputs,
                ExpirationTime = expires,
                Former = text.Text(name(GrantKeys.AttemptFormer)),
            }
            : null;

    // An attempt without it was written by an earlier version, minutes before an upgrade. At worst the person must begin again.
    private static IssParameter IssOf(bool? namesIssuer) => namesIssuer == false ? IssParameter.NotPromised : IssParameter.Promised;

    private void Write(SecretText text, Func<string, string> name) => text
        .Set(name(GrantKeys.AttemptStateHash), StateHash)
        .Set(name(GrantKeys.AttemptCookieHash), CookieHash)
        .Set(name(GrantKeys.AttemptCodeVerifier), CodeVerifier)
        .Set(name(GrantKeys.AttemptRedirectUri), RedirectUri)
        .Set(name(GrantKeys.AttemptIssuer), Issuer)
        .Set(name(GrantKeys.AttemptNamesIssuer), Iss == IssParameter.Promised)
        .Set(name(GrantKeys.AttemptInputs), Inputs)
        .Set(name(GrantKeys.AttemptExpiresAt), ExpirationTime)
        .Set(name(GrantKeys.AttemptFormer), Former);
}
