using System.Diagnostics.Metrics;
using System.Net;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VismaOperator.Consent.Web;
using VismaOperator.Hosting;

namespace VismaOperator.Tests.Hosting;

public sealed class HttpEndpointsTests : IAsyncLifetime
{
    // Exporters hear every meter of the process, those of other tests too; only series of this name are this test's.
    private const string Controller = "endpoints-test";
    private const string Lease = "endpoints-test-lease";

    private readonly OperatorHealth health = new();
    private readonly EmptyWebHost http = HttpHost.Build(
        new OperatorOptions
        {
            HttpPort = 0,
            Logs = new LogOptions { Level = LogLevel.Error },
        }
    );
    private readonly SocketsHttpHandler sockets = new();

    public async ValueTask InitializeAsync()
    {
        http.ServeOperator(health, new ObjectGauges());
        await http.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        sockets.Dispose();
        await http.DisposeAsync();
    }

    [Fact]
    public async Task Ready_follows_the_caches_and_the_stop_while_alive_stays()
    {
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "starting\n"), await GetAsync("/readyz"));

        health.CachesSynced();
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await GetAsync("/readyz"));

        health.Stopping();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "stopping\n"), await GetAsync("/readyz"));
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await GetAsync("/livez"));
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await GetAsync("/healthz"));
    }

    [Fact]
    public async Task A_reconcile_that_hangs_fails_alive_until_the_process_is_asked_to_stop()
    {
        health.Watch(() => "a reconcile hangs", () => []);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "a reconcile hangs\n"), await GetAsync("/livez"));
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await GetAsync("/healthz"));

        health.Stopping(); // what must be stored is stored now: no reason to be killed

        Assert.Equal((HttpStatusCode.OK, "ok\n"), await GetAsync("/livez"));
    }

    [Fact]
    public async Task Not_ready_names_the_lists_that_are_missing()
    {
        health.Watch(() => null, () => ["connections", "secrets"]);

        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, "starting: not listed yet: connections, secrets\n"),
            await GetAsync("/readyz")
        );
    }

    [Theory]
    [InlineData("GET", "/", HttpStatusCode.NotFound)]
    [InlineData("GET", "/livez/more", HttpStatusCode.NotFound)]
    [InlineData("GET", "/metrics/more", HttpStatusCode.NotFound)]
    [InlineData("GET", "/connect/integrations/acme", HttpStatusCode.NotFound)]
    [InlineData("GET", "/LIVEZ", HttpStatusCode.OK)]
    [InlineData("GET", "/livez?verbose", HttpStatusCode.OK)]
    [InlineData("POST", "/readyz", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/metrics", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/connect/integrations/acme", HttpStatusCode.NotFound)]
    public async Task Unserved_paths_get_a_plain_answer(string method, string path, HttpStatusCode expected) =>
        Assert.Equal(expected, (await SendAsync(new HttpMethod(method), path)).Status);

    [Fact]
    public async Task Metrics_have_the_names_that_dashboards_of_controller_runtime_ask_for()
    {
        using var metrics = new ControllerMetrics(http.Services.GetRequiredService<IMeterFactory>());
        using var queue = new WorkQueue(TimeProvider.System, BackoffOptions.ForKeys, () => 0);
        metrics.ControllerStarted(Controller, queue);
        metrics.ReconcileStarted(Controller);
        metrics.ReconcileEnded(Controller, ReconcileResult.Success, TimeSpan.FromMilliseconds(2));
        metrics.Leading(Lease);

        var (_, text) = await GetAsync("/metrics");

        Assert.All(
            [
                $"controller_runtime_reconcile_total{{controller=\"{Controller}\",result=\"success\"}} 1",
                $"controller_runtime_reconcile_total{{controller=\"{Controller}\",result=\"error\"}} 0",
                $"controller_runtime_reconcile_errors_total{{controller=\"{Controller}\"}} 0",
                $"controller_runtime_reconcile_time_seconds_bucket{{controller=\"{Controller}\",le=\"0.005\"}} 1",
                $"controller_runtime_active_workers{{controller=\"{Controller}\"}} 0",
                "workqueue_depth{",
                "workqueue_adds_total{",
                "workqueue_retries_total{",
                $"leader_election_master_status{{name=\"{Lease}\"}} 1",
            ],
            line => Assert.Contains("\n" + line, text, StringComparison.Ordinal));
    }

    private Task<(HttpStatusCode Status, string Text)> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpMethod method, string path)
    {
        using var client = new HttpMessageInvoker(sockets, disposeHandler: false);
        using var request = new HttpRequestMessage(method, $"http://127.0.0.1:{http.Port}{path}");
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
