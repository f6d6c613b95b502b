namespace Lifecycle.Tests;

/// <summary>
/// Facts to start from, and what may happen to them. <see cref="Facts"/> is a connection that was just applied;
/// <see cref="Serving"/> is one whose token of an hour was issued at <see cref="Start"/>.
/// </summary>
internal static class Some
{
    public const string SecretName = "acme-token";

    public static readonly DateTimeOffset Start = new(2026, 11, 2, 13, 5, 0, TimeSpan.Zero);

    public static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>A minute after <see cref="Start"/>: nothing is due.</summary>
    public static readonly DateTimeOffset Soon = Start.AddMinutes(1);

    /// <summary>When <see cref="Token"/> is to be renewed.</summary>
    public static readonly DateTimeOffset Due = Token().RefreshTime;

    /// <summary>When <see cref="Token"/> expires.</summary>
    public static readonly DateTimeOffset Expired = Start + Hour;

    public static readonly Problem Missing = new(
        Reason.ClientNotAvailable,
        "OAuthClient integrations/acme does not exist. Apply it.",
        FailureKind.NotThereYet
    );

    public static readonly Problem NotAllowed = new(
        Reason.TenantNotAllowed,
        "OAuthClient integrations/acme does not serve tenant t. Ask its owner."
    );

    public static readonly Problem SomebodyElses = new(
        Reason.SecretNotOwned,
        "Secret acme-token belongs to someone else. Choose another name."
    )
    {
        Stage = FailureStage.WritingTakenName,
    };

    public static readonly Problem Unreadable = new(Reason.SecretForbidden, "Secret acme-credentials may not be read. Grant get.");

    public static readonly Problem InvalidSpec = new(Reason.InvalidSpec, "spec.tenantID is not a GUID. Correct it.");

    public static readonly Problem Outage = new(
        Reason.ProviderUnavailable,
        "The provider did not answer within 10s. It is tried again by itself.",
        FailureKind.Transient
    );

    public static readonly Problem Refused = new(Reason.ClientRefused, "The provider refused with invalid_client. Make a new secret.");

    public static readonly Problem NotRemovable = new(
        Reason.WithdrawalForbidden,
        "The operator may not delete Secret acme-token. Grant delete."
    )
    {
        Stage = FailureStage.Withdrawing,
    };

    public static readonly Problem Unwritable = new(
        Reason.SecretForbidden,
        "The operator may not write Secret acme-token. Grant create, update and delete."
    )
    {
        Stage = FailureStage.Writing,
    };

    public static readonly Problem NotStored = new(Reason.GrantNotStored, "Waits in memory.", FailureKind.Transient)
    {
        Stage = FailureStage.Storing,
    };

    public static readonly Problem Unseen = new(
        Reason.ApiRequestFailed,
        "Secret acme-token could not be read: the API server answers 503. It is tried again.",
        FailureKind.Transient
    )
    {
        Stage = FailureStage.Looking,
    };

    public static readonly Problem Invisible = new(Reason.ApiRequestForbidden, "Secret acme-token could not be read. Grant get.")
    {
        Stage = FailureStage.Looking,
    };

    public static Facts Facts() =>
        new()
        {
            Connection = new ConnectionFacts
            {
                Name = "customer-a/acme",
                Identity = "0b4f7a52-6d3c-4a35-9a39-0d1f3a6c2f10",
                Generation = 1,
                SecretName = SecretName,
                Inputs = "c1",
                Layout = "l1",
                Scopes = ["erp:read", "erp:create"],
            },
            Client = new ClientFacts.Usable("k1", "r1"),
            Secret = new SecretFacts.Absent(),
        };

    public static Facts Serving() => Facts() with { Token = Token(), Secret = new SecretFacts.Owned("7") };

    public static TokenRecord Token() => new()
    {
        IssueTime = Start,
        ExpirationTime = Start + Hour,
        RefreshTime = RefreshSchedule.RefreshTime(Start, Hour, RefreshMargins.Default, Facts().Connection.Identity),
        Inputs = TokenInputs.Join("c1", "k1"),
        Layout = "l1",
        Fingerprint = "f1",
        SecretName = SecretName,
        SecretResourceVersion = "7",
    };

    /// <summary>A token of ours that a process published and did not live to record.</summary>
    public static TokenRecord UnrecordedToken() =>
        Token() with
        {
            IssueTime = Start.AddSeconds(20),
            Fingerprint = "f2",
            SecretResourceVersion = "8",
        };

    public static Facts Terminating(this Facts facts) => facts with { Connection = facts.Connection with { IsTerminating = true } };

    public static Facts Suspended(this Facts facts) => facts with { Connection = facts.Connection with { IsSuspended = true } };

    public static Facts Resumed(this Facts facts) => facts with { Connection = facts.Connection with { IsSuspended = false } };

    public static Facts SpecInvalid(this Facts facts) => facts with { Connection = facts.Connection with { SpecProblem = InvalidSpec } };

    public static Facts Requested(this Facts facts, string value = "now") =>
        facts with
        {
            Connection = facts.Connection with { RequestedAt = value },
        };

    /// <summary>The client's requests take turns; this one's comes then.</summary>
    public static Facts TurnAt(this Facts facts, DateTimeOffset turn) =>
        facts with
        {
            Connection = facts.Connection with { RequestTurn = turn },
        };

    public static Facts ScopesChanged(this Facts facts) => facts with { Connection = facts.Connection with { Inputs = "c2" } };

    public static Facts LayoutChanged(this Facts facts) => facts with { Connection = facts.Connection with { Layout = "l2" } };

    public static Facts SecretRenamed(this Facts facts) =>
        facts with
        {
            Connection = facts.Connection with { SecretName = "other-token" },
            Secret = new SecretFacts.Absent(),
        };

    /// <summary>The token moved to the Secret of the new name in this reconcile.</summary>
    public static Facts Moved(this Facts facts)
    {
        var renamed = facts.SecretRenamed();
        var token = Token() with { IssueTime = Soon, Fingerprint = "f2", SecretName = renamed.Connection.SecretName };
        return renamed.Succeeded(token);
    }

    /// <summary>The former Secret could not be removed so many times, and the next reconcile finds that the token has moved.</summary>
    public static Facts RemovalFailed(this Facts moved, int times) =>
        moved.FormerKept().FailedTimes(times, Unwritable).Recorded(new Decision.RecordToken(moved.Token!));

    public static Facts ClientIs(this Facts facts, ClientFacts client) => facts with { Client = client };

    public static Facts ClientMissing(this Facts facts) => facts.ClientIs(new ClientFacts.Missing(Missing));

    public static Facts ClientRefusing(this Facts facts) => facts.ClientIs(new ClientFacts.NotAllowing(NotAllowed));

    public static Facts ClientRefusingNamespace(this Facts facts) => facts.ClientIs(new ClientFacts.NotAllowing(Missing));

    public static Facts ClientUnusable(this Facts facts, DateTimeOffset? retryAt = null) =>
        facts.ClientIs(new ClientFacts.Unusable(Unreadable, retryAt));

    public static Facts ClientRefused(this Facts facts, DateTimeOffset retryTime)
    {
        var client = facts.Client as ClientFacts.Usable ?? new ClientFacts.Usable("k1", "r1");
        return facts.ClientIs(client with { Refusal = new ClientRefusal(Refused, retryTime) });
    }

    public static Facts ClientChanged(this Facts facts) => facts.ClientIs(new ClientFacts.Usable("k2", "r2"));

    public static Facts TryingSecret(this Facts facts) => facts.ClientIs(new ClientFacts.Usable("k1", "r1") { TriesSecret = true });

    public static Facts CredentialChanged(this Facts facts) => facts.ClientIs(new ClientFacts.Usable("k1", "r2"));

    public static Facts SecretForeign(this Facts facts) => facts with { Secret = new SecretFacts.Foreign(SomebodyElses) };

    public static Facts SecretTerminating(this Facts facts) => facts with { Secret = new SecretFacts.Terminating() };

    public static Facts SecretDeleted(this Facts facts) => facts with { Secret = new SecretFacts.Absent() };

    /// <summary>The Secret says something else of the token than is on record.</summary>
    public static Facts RewriteDue(this Facts facts, ContentFacts? content = null) =>
        facts with
        {
            Token = facts.Token! with { IsRewriteDue = true },
            Content = content,
        };

    public static Facts Drifted(this Facts facts, ContentFacts? content = null) =>
        facts with
        {
            Secret = new SecretFacts.Owned("8"),
            Content = content,
        };

    public static Facts Showing(this Facts facts, ContentFacts content) => facts with { Content = content };

    /// <summary>An attempt failed, with the longest jitter.</summary>
    public static Facts FailedWith(this Facts facts, Problem problem, DateTimeOffset at) =>
        facts.Failed(problem, retryAfter: null, at, random: 0.999);

    /// <summary>So many attempts in a row failed.</summary>
    public static Facts FailedTimes(this Facts facts, int attempts, Problem problem) =>
        Enumerable.Repeat(problem, attempts).Aggregate(facts, (failed, what) => failed.FailedWith(what, Start));

    /// <summary>A look failed, with the longest jitter.</summary>
    public static Facts LookFailedWith(this Facts facts, Problem problem, DateTimeOffset at) =>
        facts.LookFailed(problem, retryAfter: null, at, random: 0.999);

    /// <summary>Something was first seen missing then; patience ends a minute later.</summary>
    public static Facts AwaitingSince(this Facts facts, DateTimeOffset since) => facts with
    {
        Failure = Report.Of(facts, Policy.Decide(facts, since), since).Failure,
    };
}
