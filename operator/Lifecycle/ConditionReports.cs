namespace Lifecycle;

/// <summary>Ready: what GitOps tools and <c>kubectl wait</c> look at.</summary>
internal static class ReadyReport
{
    public static ConditionReport Of(StatusSummary summary)
    {
        var isReady = summary.IsServing && summary.IsCurrent;
        var reason = summary.IsSuspended ? Reason.Suspended : isReady ? Reason.TokenValid : ReasonOf(summary);
        return new(ConditionType.Ready, isReady, reason, MessageOf(summary, isReady));
    }

    private static string ReasonOf(StatusSummary summary) =>
        summary.Problem?.Reason ?? (summary.Token is not null && !summary.IsServing ? Reason.TokenExpired : Reason.TokenPending);

    private static string MessageOf(StatusSummary summary, bool isReady)
    {
        var secret = $"Secret {summary.Facts.Connection.SecretName}";
        var paused = summary.IsSuspended ? " Suspended: set spec.suspend to false to renew it." : string.Empty;
        return summary switch
        {
            _ when isReady =>
                $"{secret} holds a token that is valid until {InstantText.Of(summary.Token!.ExpirationTime)}.{paused}{Shared(summary)}",
            { Token: null, Problem: { } problem } => problem.Message,
            { Token: null } => $"{secret} holds no token.{paused}",
            { IsServing: false } =>
                ($"The token in Secret {summary.Token.SecretName} expired at {InstantText.Of(summary.Token.ExpirationTime)}.{paused} "
                    + $"{summary.Problem?.Message}").TrimEnd(),
            _ =>
                ($"Secret {summary.Token.SecretName} still serves the token of an earlier spec, valid until "
                    + $"{InstantText.Of(summary.Token.ExpirationTime)}.{paused} {summary.Problem?.Message}").TrimEnd(),
        };
    }

    // The other connections report it themselves. Somebody who looks at this connection only would not learn why they have no token.
    private static string Shared(StatusSummary summary) =>
        summary.Facts.Connection.SharesSecretNameWith switch
        {
            [] => string.Empty,
            [var other] => $" VismaConnection {other} asks for the same Secret and gets none: give it another spec.secret.name.",
            var others =>
                $" {others.Count} other connections ask for the same Secret and get none, VismaConnection {others[0]} among them: give "
                + "each another spec.secret.name.",
        };
}

/// <summary>TokenFresh: whether renewal works, while a token is in service.</summary>
internal static class FreshnessReport
{
    public static ConditionReport Of(StatusSummary summary, TokenRecord token)
    {
        if (summary.Outage is { } problem)
        {
            return new(ConditionType.TokenFresh, IsTrue: false, problem.Reason, Outage(summary, token, problem));
        }

        if (!summary.IsServing)
        {
            return new(
                ConditionType.TokenFresh,
                IsTrue: false,
                Reason.TokenExpired,
                $"The token expired at {InstantText.Of(token.ExpirationTime)}."
            );
        }

        if (summary.IsSuspended)
        {
            return new(
                ConditionType.TokenFresh,
                IsTrue: true,
                Reason.Renewed,
                $"Issued at {InstantText.Of(token.IssueTime)}; not renewed while suspended."
            );
        }

        var margins = summary.Facts.Connection.Margins;
        return RefreshSchedule.IsLifetimeTooShort(token.Lifetime, margins)
            ? new(ConditionType.TokenFresh, IsTrue: true, Reason.LifetimeTooShort, TooShort(token, margins))
            : new(
                ConditionType.TokenFresh,
                IsTrue: true,
                Reason.Renewed,
                $"Issued at {InstantText.Of(token.IssueTime)}; next renewal at {InstantText.Of(token.RefreshTime)}."
            );
    }

    private static string Outage(StatusSummary summary, TokenRecord token, Problem problem) => summary.IsServing
        ? $"Serving the token of {InstantText.Of(token.IssueTime)} until {InstantText.Of(token.ExpirationTime)}: {problem.Message}"
        : $"The token expired at {InstantText.Of(token.ExpirationTime)}: {problem.Message}";

    private static string TooShort(TokenRecord token, RefreshMargins margins) =>
        $"Tokens live {Seconds(token.Lifetime)}, too short to keep spec.refresh.minRemainingValidity of "
        + $"{Seconds(margins.MinRemainingValidity)}; readers find at least "
        + $"{Seconds(RefreshSchedule.KeptValidity(token.Lifetime, margins))}. "
        + "Lower spec.refresh.minRemainingValidity, or raise the lifetime in the Visma developer portal. "
        + $"Next renewal at {InstantText.Of(token.RefreshTime)}.";

    private static string Seconds(TimeSpan duration) => FormattableString.Invariant($"{(long)duration.TotalSeconds}s");
}

/// <summary>ScopesGranted: a provider may grant less than was asked for, and more (RFC 6749 section 3.3).</summary>
internal static class ScopesReport
{
    public static ConditionReport Of(StatusSummary summary, TokenRecord token)
    {
        var asked = summary.Facts.Connection.Scopes;
        var (missing, unasked) = (GrantedScopes.Missing(asked, token.GrantedScopes), GrantedScopes.Unasked(asked, token.GrantedScopes));
        var message = $"{Missing(missing)}{Unasked(unasked)}{Cut(token)}".Trim();
        return unasked.Count > 0 ? new(ConditionType.ScopesGranted, IsTrue: false, Reason.ScopesExceeded, message)
            : missing.Count > 0 ? new(ConditionType.ScopesGranted, IsTrue: false, Reason.ScopesMissing, message)
            : new(
                ConditionType.ScopesGranted,
                IsTrue: true,
                Reason.AllGranted,
                $"Every scope asked for was granted, and no other.{Cut(token)}"
            );
    }

    private static string Missing(IReadOnlyList<string> scopes) =>
        scopes.Count == 0
            ? string.Empty
            : $"Not granted: {GrantedScopes.Named(scopes)}. "
                + "Add them to the application in the Visma developer portal and have the tenant approve them, or remove them from "
                + "spec.scopes. ";

    private static string Unasked(IReadOnlyList<string> scopes) =>
        scopes.Count == 0
            ? string.Empty
            : $"Granted but not asked for: {GrantedScopes.Named(scopes)}. "
                + "Remove them from the application in the Visma developer portal, or add them to spec.scopes.";

    private static string Cut(TokenRecord token) =>
        token.GrantedScopes is { Count: >= GrantedScopes.MaxCount }
            ? $" The list in status and in the Secret ends after {GrantedScopes.MaxCount} scopes."
            : string.Empty;
}
