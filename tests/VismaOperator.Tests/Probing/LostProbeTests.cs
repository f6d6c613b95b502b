using System.Text;
using Lifecycle;
using VismaConnect.StandIn;
using VismaOperator.Hosting;
using VismaOperator.Probing;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Probing.ProbingScene;

namespace VismaOperator.Tests.Probing;

/// <summary>How many probes of one connection were lost in a row, as the metric of its problem says it.</summary>
public sealed class LostProbeTests
{
    private static readonly Fault away = new Fault.Answer(503, string.Empty, "application/json", new Dictionary<string, string>());

    private readonly ObjectGauges gauges = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lost_answers_count_in_a_row_and_whatever_the_API_says_ends_the_row()
    {
        await using var test = await StartReadyAsync("""{}""", context: context => context with { ObjectGauges = gauges });
        test.Provider.Faults.Next(away, 2, StandInEndpoint.Api);

        await AskAsync(test, "one");
        Assert.Equal(["ApiUnavailable 1"], await ProblemsAsync());
        await AskAsync(test, "two");
        Assert.Equal(["ApiUnavailable 2"], await ProblemsAsync());
        test.Provider.Faults.Next(Fault.TooManyRequests(TimeSpan.FromSeconds(1)), 1, StandInEndpoint.Api);
        await AskAsync(test, "three");
        Assert.Equal(["ApiRateLimited 3"], await ProblemsAsync());

        await AskAsync(test, "four");
        Assert.Empty(await ProblemsAsync());
        test.Provider.Faults.Next(away, 1, StandInEndpoint.Api);
        await AskAsync(test, "five");
        Assert.Equal(["ApiUnavailable 1"], await ProblemsAsync());
    }

    [Fact]
    public async Task A_refusal_is_1_however_often_it_comes()
    {
        await using var test = await StartReadyAsync("""{}""", context: context => context with { ObjectGauges = gauges });
        await test.AdvanceAsync(ProbeLanes.Gap);
        await test.ChangeConnectionAsync("""{"probe": {"path": "/nothing"}}""");
        await test.UntilIdleAsync();
        await test.AdvanceAsync(ProbeLanes.GapAfterRefusal, TimeSpan.FromSeconds(10));
        await AskAsync(test, "one");

        Assert.Equal(["ApiPathNotFound 1"], await ProblemsAsync());
    }

    [Fact]
    public async Task After_a_restart_the_answer_that_status_says_was_lost_counts_too()
    {
        await using var test = await StartReadyAsync("""{}""", context: context => context with { ObjectGauges = gauges });
        test.Provider.Faults.Next(away, 2, StandInEndpoint.Api);
        await AskAsync(test, "one");

        await test.StopAsync();
        test.Start();
        await test.UntilIdleAsync();
        Assert.Equal(["ApiUnavailable 1"], await ProblemsAsync());
        await AskAsync(test, "two");

        Assert.Equal(["ApiUnavailable 2"], await ProblemsAsync());
    }

    // Of the condition TokenAccepted: reason and value.
    private async Task<IReadOnlyList<string>> ProblemsAsync()
    {
        using var page = new MemoryStream();
        await new SeriesWriter(page).WriteAsync(gauges.All, Ct);
        return
        [
            .. Encoding.UTF8.GetString(page.ToArray())
                .Split('\n')
                .Where(line => line.StartsWith("visma_operator_connection_problem{", StringComparison.Ordinal))
                .Where(line => line.Contains(ConditionType.TokenAccepted, StringComparison.Ordinal))
                .Select(line => line.Split("reason=\"")[1].Replace("\"}", string.Empty, StringComparison.Ordinal)),
        ];
    }
}
