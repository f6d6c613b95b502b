using Xunit;

namespace Lifecycle.Tests;

/// <summary>What the provider answers.</summary>
internal abstract record Answer
{
    private Answer()
    {
    }

    public sealed record Granted(TimeSpan Lifetime, IReadOnlyList<string>? Scopes = null) : Answer;

    public sealed record Failed(Problem Problem, TimeSpan? RetryAfter = null) : Answer;
}

/// <summary>
/// A connection that lives for a while: the policy decides, the steps are taken as a reconciler would take them, and all
/// that survives from one reconcile to the next is what status can hold. Every report is held to the rules of status,
/// and a second look at the same moment must change nothing.
/// </summary>
internal sealed class Story(Facts facts)
{
    private const int MostSteps = 6;

    private int secretVersion = 100;
    private ContentFacts hidden = new ContentFacts.Intact();

    public Facts Facts { get; private set; } = facts;

    public DateTimeOffset Now { get; set; } = Some.Start;

    public Func<Answer> Provider { get; set; } = () => new Answer.Granted(Some.Hour);

    /// <summary>Why the Secret cannot be written; null when it can.</summary>
    public Problem? WriteProblem { get; set; }

    public List<(DateTimeOffset At, RefreshCause Cause)> Requests { get; } = [];

    public List<(DateTimeOffset At, RefreshCause Cause)> Successes { get; } = [];

    public int SecretWrites { get; private set; }

    public int FormerRemovals { get; private set; }

    public Decision Rest { get; private set; } = new Decision.Release();

    public Report Report { get; private set; } = new() { Conditions = [] };

    public ConditionReport Ready => Report.Find(ConditionType.Ready)!;

    /// <summary>Something happens outside, and the key is woken.</summary>
    public Story Then(Func<Facts, Facts> change)
    {
        Facts = change(Facts);
        return Reconcile();
    }

    /// <summary>Somebody deletes the Secret.</summary>
    public Story SecretIsDeleted()
    {
        hidden = new ContentFacts.Lost();
        return Then(facts => facts.SecretDeleted());
    }

    /// <summary>Somebody edits the Secret; what is left of it shows when it is read.</summary>
    public Story SecretIsEdited(ContentFacts leftover)
    {
        hidden = leftover;
        return Then(facts => facts with { Secret = new SecretFacts.Owned(NextVersion()) });
    }

    /// <summary>Time passes; the connection is looked at whenever it asked to be.</summary>
    public Story Until(DateTimeOffset instant)
    {
        for (var looks = 0; Report.NextLook <= instant; looks++)
        {
            Assert.True(looks < 5_000, "looks again and again");
            Now = Report.NextLook.Value;
            Reconcile();
        }

        Now = instant;
        return Reconcile();
    }

    /// <summary>Reconciles once.</summary>
    public Story Reconcile()
    {
        Report = ReportOnce();
        var requests = Requests.Count;
        var again = ReportOnce();
        Assert.Equal(requests, Requests.Count);
        Assert.Equal(Report with { Conditions = [] }, again with { Conditions = [] });
        Assert.Equal(Report.Conditions, again.Conditions);
        return this;
    }

    private Report ReportOnce()
    {
        Rest = ComeToRest();
        var report = Report.Of(Facts, Rest, Now);
        StatusRules.Check(Facts, Rest, report, Now);
        Facts = Facts with
        {
            Connection = Facts.Connection with { HandledRequest = report.HandledRequest, HandledRequestTime = report.HandledRequestTime },
            Token = AsStatusHolds(report.Token),
            Failure = AsStatusHolds(report.Failure),
            EarlierAttempt = report.Failure is { IsOfWriting: true } ? Facts.EarlierAttempt : null, // as ConnectionReconciler has it
            Removal = report.Removal,
            Content = null,
        };
        return report;
    }

    private Decision ComeToRest()
    {
        for (var step = 0; step < MostSteps; step++)
        {
            var decision = Policy.Decide(Facts, Now);
            Assert.Equal(decision, Policy.Decide(Facts, Now));
            if (decision.IsRest)
            {
                return decision;
            }

            Facts = After(decision);
        }

        throw new InvalidOperationException($"does not come to rest: {Policy.Decide(Facts, Now)} for {Facts}");
    }

    private Facts After(Decision decision) =>
        decision switch
        {
            Decision.Inspect => Facts with { Content = hidden },
            Decision.Acknowledge => Facts.Published(
                Facts.Token! with
                {
                    SecretResourceVersion = ((SecretFacts.Owned)Facts.Secret).ResourceVersion,
                }
            ),
            Decision.RecordToken step => Facts.Recorded(
                step with
                {
                    Token = step.Token with { SecretResourceVersion = ((SecretFacts.Owned)Facts.Secret).ResourceVersion },
                }
            ),
            Decision.Rewrite when WriteProblem is { } problem => Facts.Failed(problem, retryAfter: null, Now, random: 0.5),
            Decision.Rewrite => Facts.Published(Write(Facts.Token!)),
            Decision.RemoveFormer => RemoveFormer(),
            Decision.Withdraw withdraw => Facts.Withdrawn(withdraw.Problem, Now),
            Decision.Refresh refresh => Ask(refresh.Cause),
            _ => throw new InvalidOperationException($"not a step: {decision}"),
        };

    private Facts RemoveFormer()
    {
        FormerRemovals++;
        return Facts.FormerRemoved();
    }

    private Facts Ask(RefreshCause cause)
    {
        Requests.Add((Now, cause));
        switch (Provider())
        {
            case Answer.Granted when WriteProblem is { } problem:
                return Facts.Failed(problem, retryAfter: null, Now, random: 0.5);
            case Answer.Granted granted:
                Successes.Add((Now, cause));
                return Facts.Succeeded(Write(Issue(granted)));
            case Answer.Failed failed:
                return Facts.Failed(failed.Problem, failed.RetryAfter, Now, random: 0.5);
            default:
                throw new InvalidOperationException("no such answer");
        }
    }

    private TokenRecord Issue(Answer.Granted granted)
    {
        var issued = WholeSeconds.Floor(Now);
        var connection = Facts.Connection;
        return Some.Token() with
        {
            IssueTime = issued,
            ExpirationTime = issued + granted.Lifetime,
            RefreshTime = RefreshSchedule.RefreshTime(issued, granted.Lifetime, connection.Margins, connection.Identity),
            Inputs = TokenInputs.Join(connection.Inputs, ((ClientFacts.Usable)Facts.Client).Inputs),
            GrantedScopes = granted.Scopes,
        };
    }

    private TokenRecord Write(TokenRecord token)
    {
        SecretWrites++;
        hidden = new ContentFacts.Intact();
        return token with
        {
            Layout = Facts.Connection.Layout,
            SecretName = Facts.Connection.SecretName,
            SecretResourceVersion = NextVersion(),
        };
    }

    private string NextVersion() => FormattableString.Invariant($"{++secretVersion}");

    // metav1.Time has whole seconds: what a report says beyond them is forgotten.
    private static TokenRecord? AsStatusHolds(TokenRecord? token) => token is null ? null : token with
    {
        IssueTime = WholeSeconds.Floor(token.IssueTime),
        ExpirationTime = WholeSeconds.Floor(token.ExpirationTime),
        RefreshTime = WholeSeconds.Floor(token.RefreshTime),
    };

    private static FailureRecord? AsStatusHolds(FailureRecord? failure) => failure is null ? null : failure with
    {
        LastFailureTime = WholeSeconds.Floor(failure.LastFailureTime),
        NextAttemptTime = WholeSeconds.Floor(failure.NextAttemptTime),
    };
}
