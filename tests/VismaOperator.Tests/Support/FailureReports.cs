using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Tests.Support;

/// <summary>What a connection must say while a request of the operator fails, and once it works again.</summary>
internal static class FailureReports
{
    /// <summary>One row for each failure.</summary>
    public static TheoryData<string> Rows => [.. ApiFaults.All];

    /// <summary>The report of a failure: true conditions, the cause, the next attempt, and no word of the server.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="named">The object that the message names.</param>
    /// <param name="isServing">True while a token is in service.</param>
    public static void Failing(VismaConnection connection, string named, bool isServing)
    {
        Assert.True(connection.Is("Ready", isServing ? "True" : "False"), connection.Condition("Ready")?.ToString());
        var news = connection.Condition(isServing ? "TokenFresh" : "Ready")!;
        Assert.True(news.Status == "False", news.ToString());
        var failure = Assert.IsType<FailureStatus>(connection.Status.Failure);
        Assert.Equal(failure.Reason, news.Reason);
        Assert.Contains(failure.Stage, Enum.GetNames<FailureStage>());
        Assert.True(failure.NextAttemptTime > failure.LastFailureTime);
        Assert.Contains(named, failure.Message!, StringComparison.Ordinal);
        Assert.All(
            connection.Status.Conditions,
            condition => Assert.DoesNotContain(ApiFaults.Quoted, condition.Message, StringComparison.Ordinal)
        );
    }

    /// <summary>Lifts the faults; by the next attempt all is well.</summary>
    public static async Task HealsAsync(this TestOperator test, ApiFaults faults)
    {
        faults.Lift();
        if ((await test.ConnectionAsync()).Status.Failure?.NextAttemptTime is { } next && next > test.Time.GetUtcNow())
        {
            await test.AdvanceAsync(next - test.Time.GetUtcNow());
        }

        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        var connection = await test.ConnectionAsync();
        Assert.Null(connection.Status.Failure);
        Assert.True(connection.Is("TokenFresh", "True"));
        Assert.Null(connection.Condition("Stalled"));
        Assert.All(
            test.EventsAbout(Some.Connection),
            told => Assert.DoesNotContain(ApiFaults.Quoted, told.Note!, StringComparison.Ordinal)
        );
    }
}
