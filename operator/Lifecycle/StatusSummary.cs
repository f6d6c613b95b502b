namespace Lifecycle;

/// <summary>The state of a connection when a reconcile comes to rest: the few facts that every condition is made of.</summary>
internal sealed record StatusSummary
{
    public required Facts Facts { get; init; }

    /// <summary>
    /// The token in service; null when its Secret, or the token in it, is gone. Of a Secret of an earlier name nothing is
    /// observed: its record is kept until the new one is published, so that it serves on and is cleared away then.
    /// </summary>
    public required TokenRecord? Token { get; init; }

    /// <summary>The problem; null when there is none.</summary>
    public required Problem? Problem { get; init; }

    public required bool IsStalled { get; init; }

    /// <summary>The token has not expired.</summary>
    public required bool IsServing { get; init; }

    /// <summary>The token is the one that this spec asks for.</summary>
    public required bool IsCurrent { get; init; }

    public bool IsSuspended => Facts.Connection.IsSuspended && !IsStalled;

    /// <summary>What keeps the token from being renewed. Suspending ends no outage: the failure before it is still reported.</summary>
    public Problem? Outage => Problem ?? (IsSuspended ? Facts.Failure?.Problem : null);

    /// <summary>Never for a renewal: once this generation was reached, a failing renewal shows in TokenFresh only.</summary>
    public bool IsReconciling => Problem is not null && !IsStalled && !IsCurrent;

    public static StatusSummary Of(Facts facts, Decision decision, DateTimeOffset now)
    {
        var token = IsThere(facts) ? facts.Token : null;
        var problem = WithRemoval(facts, decision);
        return new StatusSummary
        {
            Facts = facts,
            Token = token,
            Problem = problem,
            IsStalled = problem?.Kind == FailureKind.NeedsPerson || (decision is Decision.Stall && problem?.Kind != FailureKind.Transient),
            IsServing = token is not null && token.ExpirationTime > now,
            IsCurrent = token is not null && facts.Connection.SpecProblem is null && Policy.IsCurrent(token, facts),
        };
    }

    // Facts about the Secret are about the name in the present spec; a token under an earlier name counts until it has moved.
    private static bool IsThere(Facts facts) =>
        (facts.Token is { } token && token.SecretName != facts.Connection.SecretName)
        || (facts.Secret is SecretFacts.Owned && facts.Content is not ContentFacts.Lost);

    /// <summary>True when the connection lost its Secret for the reason that still is its problem.</summary>
    public static bool IsRemovalToTell(Facts facts, Problem? problem) =>
        problem is not null && problem == RefusalOf(facts.Client) && Policy.WasWithdrawn(facts);

    // A deleted client is reported like one that does not allow the connection.
    private static Problem? RefusalOf(ClientFacts client) =>
        client switch
        {
            ClientFacts.NotAllowing denied => denied.Problem,
            ClientFacts.Missing { IsReference: false } missing => missing.Problem,
            _ => null,
        };

    // The applications find no token any more. This may be reported: a connection that was served once knows that the client existed.
    private static Problem? WithRemoval(Facts facts, Decision decision) =>
        Policy.StandingRemoval(facts) is { } removal
        && ProblemOf(decision) is { } problem
        && (decision is Decision.BackOff || IsRemovalToTell(facts, problem))
            ? problem with
            {
                Message = $"The {WhatWent(facts)} at {InstantText.Of(removal.Time)}, because {WhyItWent(removal)}. {problem.Message}",
            }
            : ProblemOf(decision);

    private static string WhyItWent(RemovalRecord removal) =>
        removal.Reason switch
        {
            Reason.ClientNotAvailable or Reason.TenantNotAllowed => "the OAuthClient no longer serves this connection",
            Reason.ScopesExceeded => "the token had more scopes than the OAuthClient allows",
            _ => "the OAuthClient did not allow the token",
        };

    private static string WhatWent(Facts facts) =>
        facts.Secret is SecretFacts.Offered ? "token was taken out of the Secret" : "Secret with the token was removed";

    private static Problem? ProblemOf(Decision decision) =>
        decision switch
        {
            Decision.Stall stalled => stalled.Problem,
            Decision.Await waiting => waiting.Problem,
            Decision.AwaitConsent awaiting => awaiting.Problem,
            Decision.BackOff backOff => backOff.Failure.Problem,
            _ => null,
        };
}

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
