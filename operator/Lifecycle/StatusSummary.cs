namespace Lifecycle;

/// <summary>The state of a connection when a reconcile comes to rest: the few facts that every condition is made of.</summary>
internal sealed record StatusSummary
{
    public required Facts Facts { get; init; }

    /// <summary>
    /// The token in service; null when its Secret, or the token in it, is gone. The Secret of an earlier name is not observed; its record
    /// is kept until the new Secret is published, and the earlier one is removed then.
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
        Policy.CurrentRemoval(facts) is { } removal
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
