using System.Diagnostics;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>Metrics and traces for a collector.</summary>
public sealed class OtlpTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_collector_gets_metrics_and_traces_and_never_a_secret()
    {
        using var collector = new OtlpCollector();
        await using var scene = await Scene.OpenAsync(fixture, new SceneOptions { Environment = collector.Environment });
        await scene.CreateAllAsync();

        await collector.UntilAsync("/v1/metrics", "visma_operator_token_requests_total");
        await collector.UntilAsync("/v1/metrics", "visma_operator_connection_ready", The.Connection);
        await collector.UntilAsync("/v1/traces", "token request", "reconcile vismaconnection", "client_credentials");

        var secret = await scene.GetSecretAsync();
        var texts = collector.Received.Select(received => new ReadableText(received.Path, received.Text));
        Assert.Empty(LeakSearch.In(texts, [.. scene.Provider.Ledger.AllSecretsIssued(), The.ClientSecret, secret.Value("access_token")]));
    }

    [Fact]
    public async Task Writes_lie_below_their_reconcile_and_only_the_API_server_gets_the_context_of_the_trace()
    {
        using var collector = new OtlpCollector();
        await using var scene = await Scene.OpenAsync(fixture, new SceneOptions { Environment = collector.Environment });
        await scene.CreateAllAsync();
        await scene.RequestRefreshAsync("for-a-second-token");
        await scene.UntilHandledAsync("for-a-second-token");
        var secrets = scene.Home.Core("secrets");
        ProxiedRequest[] writes =
        [
            await WrittenAsync("POST", secrets),
            await WrittenAsync("PUT", $"{secrets}/{The.TokenSecret}"),
            await WrittenAsync("PATCH", $"{scene.ConnectionPath()}/status"),
        ];

        foreach (var write in writes)
        {
            var context = ActivityContext.Parse(write.TraceParent, traceState: null);
            var span = await collector.UntilSpanAsync(context);
            var root = await collector.UntilSpanAsync(new ActivityContext(context.TraceId, span.Parent, ActivityTraceFlags.Recorded));
            Assert.Equal(write.Method, span.Name);
            Assert.Equal("reconcile vismaconnection", root.Name);
            Assert.Equal(default, root.Parent);
        }

        Assert.All(scene.Proxy.Ledger.Requests, request => Assert.Empty(request.Baggage));
        Assert.NotEmpty(scene.Provider.Ledger.TokenRequests);
        Assert.All(scene.Provider.Ledger.Requests, request => Assert.Empty(request.TraceHeaders));

        Task<ProxiedRequest> WrittenAsync(string method, string path) =>
            scene.Proxy.Ledger.WaitForAsync($"{method} {path}", request => request.Method == method && request.Path == path, Ct);
    }

    [Fact]
    public async Task A_connection_that_was_deleted_is_in_no_later_export()
    {
        const string Leaving = "leaving";
        using var collector = new OtlpCollector();
        await using var scene = await Scene.OpenAsync(fixture, new SceneOptions { Environment = collector.Environment });
        await scene.CreateAllAsync();
        await scene.CreateConnectionAsync(name: Leaving);
        await collector.UntilAsync("/v1/metrics", "visma_operator_connection_ready", The.Connection, Leaving);

        await scene.Admin.DeleteAsync(scene.ConnectionPath(Leaving), Ct);
        await scene.UntilGoneAsync(scene.ConnectionPath(Leaving));

        await Eventually.BecomesTrueAsync(
            $"an export with {The.Connection} and without {Leaving}",
            () =>
                collector.Received.Last(one => one.Text.Contains("visma_operator_connection_ready", StringComparison.Ordinal)).Text
                    is var last
                && last.Contains(The.Connection, StringComparison.Ordinal)
                && !last.Contains(Leaving, StringComparison.Ordinal),
            Ct
        );
    }

    [Fact]
    public async Task Without_a_collector_nothing_is_sent_and_no_request_has_a_trace()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();

        Assert.DoesNotContain(scene.Operator.Process.Lines, line => line.Contains("OTLP", StringComparison.Ordinal));
        Assert.NotEmpty(scene.Proxy.Ledger.Writes);
        Assert.All(scene.Proxy.Ledger.Requests, request => Assert.Empty(request.TraceParent + request.Baggage));
    }
}
