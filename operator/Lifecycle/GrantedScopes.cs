namespace Lifecycle;

/// <summary>
/// Compares the scopes that a provider granted with those that were asked for (RFC 6749 section 3.3): it may grant fewer, and more.
/// Scopes are case-sensitive, and their order says nothing.
/// An answer that states no scope granted what was asked for (section 5.1); status holds that as an empty list.
/// </summary>
public static class GrantedScopes
{
    /// <summary>
    /// The scope that asks for a refresh token. It reaches no data, not every provider lists it among what it granted, and the operator
    /// itself asks for it.
    /// </summary>
    public const string OfflineAccess = "offline_access";

    /// <summary>As many as status holds.</summary>
    public const int MaxCount = 1024;

    /// <summary>As many characters of one scope as status holds.</summary>
    public const int MaxLength = 512;

    private const int MaxNamed = 5;
    private const int MaxNamedLength = 80;

    /// <summary>What was asked for and not granted.</summary>
    /// <param name="asked">What was asked for; empty for all that the application is allowed.</param>
    /// <param name="granted">What was granted; null or empty when the provider did not say.</param>
    public static IReadOnlyList<string> Missing(IReadOnlyList<string> asked, IReadOnlyList<string>? granted) =>
        granted is not { Count: > 0 } ? [] : Without(asked, granted);

    /// <summary>What was granted and not asked for.</summary>
    /// <param name="asked">What was asked for; empty for all that the application is allowed.</param>
    /// <param name="granted">What was granted; null or empty when the provider did not say.</param>
    public static IReadOnlyList<string> Unasked(IReadOnlyList<string> asked, IReadOnlyList<string>? granted) =>
        asked.Count == 0 ? [] : Without(granted ?? [], asked);

    /// <summary>
    /// What was granted, without duplicates, and cut to what status can hold. What was asked for comes first, so that it is never cut off.
    /// </summary>
    public static IReadOnlyList<string>? Recordable(IReadOnlyList<string> asked, IReadOnlyList<string>? granted) => granted is null
        ? null
        : [.. granted
            .Select(Fitting)
            .Distinct(StringComparer.Ordinal)
            .OrderBy(scope => asked.Contains(scope, StringComparer.Ordinal) ? 0 : 1)
            .Take(MaxCount)];

    /// <summary>A text that names some scopes and counts the others. Always printable.</summary>
    public static string Named(IReadOnlyList<string> scopes)
    {
        var named = string.Join(' ', scopes.Take(MaxNamed).Select(scope => Printable(Cut(scope, MaxNamedLength))));
        return scopes.Count <= MaxNamed ? named : FormattableString.Invariant($"{named} and {scopes.Count - MaxNamed} more");
    }

    internal static List<string> Without(IReadOnlyList<string> scopes, IReadOnlyList<string> others) =>
        [.. scopes.Except(others, StringComparer.Ordinal).Where(scope => scope != OfflineAccess)];

    private static string Fitting(string scope) => Printable(Cut(scope, MaxLength));

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..(length - 3)] + "...";

    // The characters of a scope by RFC 6749 section 3.3. Half a character would not even be valid JSON.
    private static string Printable(string scope) =>
        scope.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? string.Create(scope.Length, scope, static (target, source) =>
            {
                for (var index = 0; index < target.Length; index++)
                {
                    target[index] = source[index] is > ' ' and <= '~' ? source[index] : '?';
                }
            })
            : scope;
}

/// <summary>The scopes that the owner of a client allows for one tenant and one namespace.</summary>
/// <param name="Client">Namespace and name of the OAuthClient, for messages.</param>
/// <param name="Lists">What each rule that fits allows. A token must keep within one of them.</param>
public sealed record ScopeLimit(string Client, IReadOnlyList<IReadOnlyList<string>> Lists)
{
    /// <summary>
    /// True when the request names no scopes and so asks for all that the application is allowed, beyond the limit or not.
    /// </summary>
    public bool IsAskedForAll { get; init; }

    /// <summary>What was granted beyond the limit: of the list that it exceeds least.</summary>
    /// <param name="granted">
    /// What was granted; null or empty when the provider did not say: then it is what was asked for, and that was within the limit.
    /// </param>
    public IReadOnlyList<string> Beyond(IReadOnlyList<string>? granted) =>
        granted is not { Count: > 0 } ? [] : Lists.Select(list => GrantedScopes.Without(granted, list)).MinBy(beyond => beyond.Count) ?? [];

    /// <summary>Why a token with these scopes must not be published; null when it may.</summary>
    public Problem? ProblemWith(IReadOnlyList<string>? granted) => IsAskedForAll && granted is not { Count: > 0 }
        ? new Problem(
            Reason.ScopesExceeded,
            $"The provider does not say which scopes the token has, and all were asked for (spec.allScopes), so it is unknown whether "
            + $"spec.tenants of OAuthClient {Client} allows them, and the token is not published. Name the scopes in spec.scopes instead.")
        : Beyond(granted) is { Count: > 0 } beyond
        ? new Problem(
            Reason.ScopesExceeded,
            $"The provider granted more than spec.tenants of OAuthClient {Client} allows for this tenant and namespace, "
            + $"so the token is not published: {GrantedScopes.Named(beyond)}. "
            + "Remove these scopes from the application in the Visma developer portal, or ask the client's owner to allow them.")
        : null;
}
