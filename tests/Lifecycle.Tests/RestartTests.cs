using Xunit;

namespace Lifecycle.Tests;

/// <summary>Which workload is looked at for a token, and what status says of the restarts.</summary>
public sealed class RestartTests
{
    private static readonly TokenRecord token = Some.Token();

    private static readonly ConditionReport said = new(ConditionType.WorkloadsRestarted, IsTrue: true, Reason.Restarted, "As before.");

    private static readonly Problem missing = new(Reason.WorkloadNotFound, "Deployment a does not exist.");

    [Fact]
    public void A_workload_is_looked_at_once_for_each_token()
    {
        var facts = Of(
            new RestartedWorkload("Deployment", "new"),
            new RestartedWorkload("Deployment", "behind") { Fingerprint = "earlier" },
            new RestartedWorkload("Deployment", "missing") { LookedAtFor = "earlier", Problem = missing },
            new RestartedWorkload("Deployment", "done") { Fingerprint = token.Fingerprint },
            new RestartedWorkload("Deployment", "still-missing") { LookedAtFor = token.Fingerprint, Problem = missing }
        );

        Assert.Equal(["new", "behind", "missing"], facts.DueFor(token).Select(workload => workload.Name));
    }

    [Fact]
    public void A_workload_is_named_by_its_kind_and_name() =>
        Assert.Equal("Deployment/importer", new RestartedWorkload("Deployment", "importer").Key);

    [Fact]
    public void It_is_true_only_when_all_are_restarted_for_this_token()
    {
        var done = new RestartedWorkload("DaemonSet", "a") { Fingerprint = token.Fingerprint };

        var condition = Of(done, done with { Name = "b" }).ConditionFor(token)!;

        Assert.True(condition.IsTrue);
        Assert.Equal("Restarted for the token in Secret acme-token: DaemonSet a, DaemonSet b.", condition.Message);
        Assert.Null(condition.Generation);
        Assert.Equal(said, Of(done, done with { Fingerprint = "earlier" }).ConditionFor(token));
    }

    [Fact]
    public void A_problem_counts_until_the_workload_is_restarted()
    {
        var behind = new RestartedWorkload("Deployment", "a") { Fingerprint = "earlier", LookedAtFor = "earlier", Problem = missing };

        var condition = Of(behind, behind with { Name = "b" }).ConditionFor(token)!;

        Assert.Equal((false, Reason.WorkloadNotFound), (condition.IsTrue, condition.Reason));
        Assert.Equal($"{missing.Message} {missing.Message}", condition.Message);
        Assert.True(Of(behind with { Fingerprint = token.Fingerprint }).ConditionFor(token)!.IsTrue);
    }

    [Fact]
    public void It_never_touches_Ready_and_is_said_only_of_a_token()
    {
        var facts = Some.Serving() with { Restart = Of(new RestartedWorkload("Deployment", "a") { Problem = missing }) };
        var without = facts with { Restart = null };
        var (with, plain) = (ReportOf(facts), ReportOf(without));

        Assert.Equal(plain.Conditions, with.Conditions.Where(condition => condition.Type != ConditionType.WorkloadsRestarted));
        Assert.Contains(with.Conditions, condition => condition is { Type: ConditionType.WorkloadsRestarted, IsTrue: false });
        Assert.Equal((plain.NextLook, plain.Problem), (with.NextLook, with.Problem));
        Assert.DoesNotContain(
            ReportOf(facts with { Token = null }).Conditions,
            condition => condition.Type == ConditionType.WorkloadsRestarted
        );
    }

    [Fact]
    public void What_was_never_restarted_is_not_remembered()
    {
        var done = new RestartedWorkload("Deployment", "a") { Fingerprint = "earlier" };
        var facts = Some.Serving() with { Restart = Of(done, new RestartedWorkload("Deployment", "b")) };

        Assert.Equal([done], ReportOf(facts).Restarts);
        Assert.Equal([done], ReportOf(facts with { Token = null }).Restarts);
        Assert.Empty(ReportOf(Some.Serving()).Restarts);
    }

    private static RestartFacts Of(params RestartedWorkload[] workloads) => new() { Workloads = workloads, Recorded = said };

    private static Report ReportOf(Facts facts) => Report.Of(facts, Policy.Decide(facts, Some.Soon), Some.Soon);
}
