using Kubernetes.Controllers.Tests.Doubles;
using OAuth;
using VismaConnect.StandIn;
using VismaOperator.Clients;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>What the metrics say of providers, and of all connections together.</summary>
public sealed class ProviderMetricsTests
{
    [Fact]
    public async Task Every_outcome_of_every_issuer_is_there_from_the_start_with_zero()
    {
        await using var test = await TestOperator.StartAsync();

        Assert.All(ProviderMetrics.Outcomes, outcome => Assert.Equal(0, Requests(test, outcome)));
    }

    [Theory]
    [InlineData(400, """{"error":"invalid_client"}""", "invalid_client")]
    [InlineData(400, """{"error":"invalid_scope"}""", "invalid_scope")]
    [InlineData(400, """{"error":"their_own_code_x"}""", "refused")]
    [InlineData(503, "", "unavailable")]
    [InlineData(200, "<html>", "malformed")]
    [InlineData(429, "", "throttled")]
    public async Task A_request_counts_by_what_became_of_it(int status, string body, string outcome)
    {
        var answer = new Fault.Answer(status, body, "application/json", new Dictionary<string, string>());
        await using var test = await TestOperator.StartAsync(prepared => prepared.Provider.Faults.Next(answer));

        await CreateAllAsync(test);
        await test.UntilIdleAsync();

        Assert.Equal(1, Requests(test, outcome));
        Assert.NotNull(test.Metrics[$"visma_operator_token_request_duration_seconds{{issuer={Issuer(test)},outcome={outcome}}}"]);
    }

    [Fact]
    public async Task What_a_closed_lane_turns_away_is_not_counted_as_sent()
    {
        await using var test = await TestOperator.StartAsync(prepared =>
            prepared.Provider.Faults.Always(Fault.TooManyRequests(TimeSpan.FromMinutes(7)))
        );
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        foreach (var name in new[] { "a", "b", "c" })
        {
            await test.ApplyAsync(Some.VismaConnection(name));
        }

        await test.UntilIdleAsync();

        Assert.Equal(1, Requests(test, "throttled"));
        Assert.Equal(test.TokenRequests, Sum(test) - Requests(test, "not_sent"));
    }

    [Fact]
    public async Task A_pause_of_a_provider_is_told_with_its_end()
    {
        await using var test = await TestOperator.StartAsync(prepared =>
            prepared.Provider.Faults.Next(Fault.TooManyRequests(TimeSpan.FromMinutes(7)))
        );
        var series = $"visma_operator_issuer_paused_until_timestamp_seconds{{issuer={Issuer(test)}}}";
        Assert.Equal(0, test.Metrics[series]);
        await CreateAllAsync(test);
        await test.UntilIdleAsync();

        Assert.InRange(test.Metrics[series]!.Value - test.Time.GetUtcNow().ToUnixTimeSeconds(), 419, 421);
        await test.AdvanceAsync(TimeSpan.FromMinutes(8), TimeSpan.FromMinutes(1));
        Assert.Equal(0, test.Metrics[series]);
    }

    [Fact]
    public void A_pause_of_one_server_of_an_issuer_stays_told_while_another_one_is_used()
    {
        using var metrics = new CapturedMetrics();
        var (issuer, paused) = (new Uri("https://connect.visma.com"), new Uri("https://tokens.example.com/connect/token"));
        var time = new SettableTime(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var provider = new ProviderMetrics(metrics, [issuer.OriginalString], time)
        {
            ClosedFor = endpoint => endpoint.Host == paused.Host ? TimeSpan.FromMinutes(7) : null,
        };
        var request = new TokenRequest.ClientCredentialsGrant([], new Dictionary<string, string>());

        foreach (var endpoint in new[] { paused, new Uri("https://connect.visma.com/connect/token") })
        {
            provider.Measure(issuer, endpoint, request).Dispose();
        }

        var until = metrics["visma_operator_issuer_paused_until_timestamp_seconds{issuer=https://connect.visma.com}"];
        Assert.InRange(until!.Value - time.GetUtcNow().ToUnixTimeSeconds(), 419, 421);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-600)]
    [InlineData(90)]
    public async Task The_clock_of_each_issuer_is_compared(int seconds)
    {
        await using var test = await TestOperator.StartReadyAsync(prepared =>
            prepared.Provider.ClockOffset = TimeSpan.FromSeconds(seconds)
        );

        var ahead = test.Metrics[$"visma_operator_clock_skew_seconds{{issuer={Issuer(test)}}}"];

        Assert.InRange(ahead!.Value, -seconds - 1, -seconds + 1);
    }

    [Fact]
    public async Task Connections_and_clients_are_counted_by_readiness_and_reason()
    {
        await using var test = await TestOperator.StartReadyAsync();

        Assert.Equal(1, test.Metrics["visma_operator_connections{ready=True,reason=TokenValid}"]);
        Assert.Equal(0, test.Metrics["visma_operator_connections{ready=False,reason=ClientRefused}"]);
        Assert.Equal(0, test.Metrics["visma_operator_connections{ready=Unknown,reason=NotObserved}"]);
        Assert.Equal(1, test.Metrics["visma_operator_clients{ready=True,reason=ClientUsable}"]);
        Assert.Equal(0, test.Metrics["visma_operator_pending_grants{}"]);

        await test.ApplyAsync(Some.VismaConnection("lonely") is var lonely
            ? lonely with { Spec = lonely.Spec with { OAuthClientRef = lonely.Spec.OAuthClientRef with { Name = "nobody" } } }
            : lonely);
        await test.UntilIdleAsync();

        Assert.Equal(1, test.Metrics["visma_operator_connections{ready=False,reason=ClientNotAvailable}"]);

        await test.DeleteAsync<Api.VismaConnection>("lonely");
        await test.UntilIdleAsync();

        Assert.Equal(0, test.Metrics["visma_operator_connections{ready=False,reason=ClientNotAvailable}"]);
    }

    private static async Task CreateAllAsync(TestOperator test)
    {
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());
    }

    private static string Issuer(TestOperator test) => test.Provider.Issuer.OriginalString.TrimEnd('/');

    private static double? Requests(TestOperator test, string outcome) =>
        test.Metrics[$"visma_operator_token_requests_total{{issuer={Issuer(test)},outcome={outcome}}}"];

    private static double Sum(TestOperator test) => ProviderMetrics.Outcomes.Sum(outcome => Requests(test, outcome) ?? 0);
}
