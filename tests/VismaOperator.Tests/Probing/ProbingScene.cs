using Lifecycle;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Hosting;
using VismaOperator.Probing;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Probing;

/// <summary>The whole operator with connections that are probed, at the stand-in's ERP API.</summary>
internal static class ProbingScene
{
    public static Task<TestOperator> StartProbedAsync(TimeSpan? lifetime = null) => StartReadyAsync("""{}""", lifetime);

    public static async Task<TestOperator> StartReadyAsync(
        string change,
        TimeSpan? lifetime = null,
        Func<OperatorContext, OperatorContext>? context = null
    )
    {
        var test = await TestOperator.StartAsync(test =>
        {
            test.Change = context ?? test.Change;
            var random = test.NewUid;
            test.NewUid = () => LateUid(random);
            test.AllowLists = test.AllowLists with { AllowedApiHosts = [test.Provider.Url.Authority, OtherHost(test).Authority] };
            test.Provider.Portal.AccessTokenLifetime = lifetime ?? TimeSpan.FromDays(30);
        });
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        var connection = Probed(test, Some.Connection);
        await test.ApplyAsync(change.Contains("null", StringComparison.Ordinal)
            ? connection with { Spec = connection.Spec with { DeclaredProbe = null } }
            : connection);
        await test.UntilReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        return test;
    }

    public static VismaConnection Probed(TestOperator test, string name)
    {
        var connection = Some.VismaConnection(name);
        return connection with
        {
            Spec = connection.Spec with
            {
                BaseUrl = test.Provider.ApiUrl.OriginalString,
                Probe = new ProbeSpec { Enabled = true },
            },
        };
    }

    // When a connection is probed in each interval follows from its UID. Drawn at random, one in thirty is probed once more in the two
    // minutes that a test counts in. The clock begins at a full hour, so a UID of the second half of the interval leaves it half an hour.
    private static Guid LateUid(Func<Guid> random)
    {
        Guid uid;
        do
        {
            uid = random();
        }
        while (Spread.Of(uid.ToString()) < 0.5);

        return uid;
    }

    // Asked after the gap of its lane, and answered.
    public static async Task AskAsync(TestOperator test, string value)
    {
        await test.AdvanceAsync(ProbeLanes.Gap);
        await test.AnnotateAsync(VismaNames.ProbeRequestedAtAnnotation, value);
        await test.UntilIdleAsync();
    }

    public static IEnumerable<LedgerEntry> Entries(TestOperator test) =>
        test.Provider.Ledger.Requests.Where(entry => entry.Endpoint == StandInEndpoint.Api);

    public static IReadOnlyList<string> Probes(TestOperator test) => [.. Entries(test).Select(entry => entry.Outcome)];

    public static double? Counted(TestOperator test, string outcome) =>
        test.Metrics[$"visma_operator_probes{{host={test.Provider.Url.Authority},outcome={outcome}}}"];

    /// <summary>The same API under another name: for the operator it is another host.</summary>
    public static Uri OtherHost(TestOperator test) => new UriBuilder(test.Provider.ApiUrl) { Host = "localhost" }.Uri;
}
