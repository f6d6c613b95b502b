using System.Text.Json.Nodes;
using VismaOperator.FaultCampaign;
using VismaOperator.IntegrationTests.Campaign;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// Every cause that people on call meet, made for real and all at once: what is seen of each is what <c>docs/fault-campaign.md</c> says,
/// and meanwhile no output holds a secret.
/// </summary>
public sealed class FaultCampaignTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_cause_is_told_as_the_page_says_and_no_output_holds_a_secret()
    {
        using var collector = new OtlpCollector();
        await using var targets = new ScrapedTargets();
        var opening = OperatorPair.OpenAsync(fixture.Server, collector.Environment);
        var consenting = CampaignConsents.GiveAsync(fixture.Server, collector.Environment);
        await using var stage = await FaultStage.OpenAsync(fixture.Server, collector.Environment);
        targets.Set(FaultSight.Cluster, stage.Scene.Home.Name, stage.Scene.Operator);
        await using var pair = await opening;
        await using var consents = await consenting;
        var playing = pair.PlayAsync(targets, RowOf(24), RowOf(23));
        await targets.Prometheus.UntilScrapedAsync(Ct); // a rate needs the counter as it was before

        await stage.ArrangeAsync();
        await UntilAsToldAsync(stage, targets);
        await targets.UntilEvaluatedAsync(Ct);
        var reports = await DoctorAsync(stage);
        var sight = await FaultSight.LookAsync(stage, targets);
        var outputs = new CampaignOutputs(stage, pair, consents, collector);
        var readable = await outputs.ReadAsync(reports.Values, playing);

        var differences = stage
            .Cases.SelectMany(one =>
                FaultDifferences
                    .Between(RowOf(one.Setup), sight.Of(one) with { Doctor = DoctorOf(stage, one, reports) })
                    .Select(difference => $"{difference}. Its Ready says: {sight.SaidBy(one)}")
            )
            .Concat(pair.Seen.SelectMany(one => FaultDifferences.Between(RowOf(one.Key), one.Value).Select(found => found.ToString())))
            .ToList();
        var leaks = LeakSearch.In(
            readable.SelectMany(output => output.Value.Select(text => new ReadableText(output.Key, text))),
            outputs.Secrets()
        );
        Assert.Multiple(
            () => Assert.True(differences.Count == 0, string.Join('\n', differences)),
            () => Assert.All(readable, output => Assert.Contains(output.Value, text => text.Length > 0)),
            () => Assert.Empty(leaks),
            () => Assert.Empty(targets.Prometheus.Complaints)
        );
    }

    private static FaultRow RowOf(FaultSetup setup) =>
        RowOf(setup.Number) is var row && setup.IsLater ? row with { Signs = row.Later!, Cause = $"{row.Cause} after a first token" } : row;

    private static FaultRow RowOf(int number) => FaultRows.All.Single(row => row.Number == number);

    // What differs after that is told with everything else.
    private static async Task UntilAsToldAsync(FaultStage stage, ScrapedTargets targets)
    {
        try
        {
            await Eventually.BecomesTrueAsync(
                "what the rows say",
                async _ =>
                {
                    var sight = await FaultSight.LookAsync(stage, targets);
                    return stage.Cases.All(one =>
                        FaultDifferences.Between(RowOf(one.Setup), sight.Of(one)).All(different => different.Column == "doctor")
                    );
                },
                Ct,
                FaultDifferences.Patience
            );
        }
        catch (TimeoutException)
        {
        }
    }

    private static async Task<IReadOnlyDictionary<string, JsonNode>> DoctorAsync(FaultStage stage)
    {
        var reports = new System.Collections.Concurrent.ConcurrentDictionary<string, JsonNode>();
        await Parallel.ForEachAsync(
            stage.Cases.OrderBy(one => one.Setup.Name != "provider-slow"), // it takes longest
            new ParallelOptions { MaxDegreeOfParallelism = 3, CancellationToken = Ct },
            async (one, _) =>
                reports[one.Setup.Name] = await DoctorSigns.AskAsync(
                    stage.Scene,
                    stage.Person.Kubeconfig,
                    $"{one.Home.Name}/{one.Setup.Name}",
                    stage.AllowLists
                )
        );
        return reports;
    }

    private static IReadOnlyList<string> DoctorOf(
        FaultStage stage,
        FaultCase subject,
        IReadOnlyDictionary<string, JsonNode> reports
    ) =>
        DoctorSigns.Of(
            reports[subject.Setup.Name],
            subject.Setup.Number == 0 ? null : reports["healthy"],
            new Dictionary<string, string>
            {
                [subject.Authority] = "connect.visma.com",
                [stage.Cases.Single(one => one.Setup.Name == "tls").Authority] = "connect.visma.com",
                [new Uri(subject.Issuer).Host] = "connect.visma.com",
                [new Uri(FaultSetups.NoSuchProvider).Host] = "connect.visma.com",
                [stage.Scene.Home.Name] = "visma-system",
                [subject.ClientHome.Name] = "platform",
                [subject.Home.Name] = "integrations",
            }
        );
}
