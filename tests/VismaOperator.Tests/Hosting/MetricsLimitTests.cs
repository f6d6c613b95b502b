using System.Diagnostics.Metrics;
using System.Net;
using Lifecycle;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VismaOperator.Api.Validation;
using VismaOperator.Clients;
using VismaOperator.Consent.Web;
using VismaOperator.Hosting;
using VismaOperator.Probing;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Hosting;

/// <summary>The exporter keeps a limited number of series of a metric, and drops the others in silence.</summary>
[Collection(nameof(MetricsLimitTests))]
public sealed class MetricsLimitTests
{
    private const string Listed = "listed-";

    private static readonly OperatorOptions many = new()
    {
        HttpPort = 0,
        Logs = new LogOptions { Level = LogLevel.Error },
        Namespaces = [.. Names(150, Listed, string.Empty)],
        AllowLists = new AllowLists
        {
            AllowedIssuers = [.. Names(20, $"https://{Listed}", ".example.com")],
            AllowedApiHosts = [.. Names(20, Listed, ".example.com")],
        },
    };

    [Fact]
    public async Task Everything_that_an_administrator_lists_has_every_series()
    {
        await using var test = await TestOperator.StartAsync();
        await using var http = HttpHost.Build(many);
        http.ServeOperator(new OperatorHealth(), new ObjectGauges());
        await http.StartAsync(TestContext.Current.CancellationToken);
        var meters = http.Services.GetRequiredService<IMeterFactory>();
        var context = test.Context() with { Namespaces = many.Namespaces, AllowLists = many.AllowLists, Meters = meters };
        using var controllers = new OperatorControllers(context);
        var probes = new ProbeMetrics(meters);
        foreach (var host in many.AllowLists.AllowedApiHosts)
        {
            probes.Begin(host);
        }

        var page = await ReadAsync(http);

        Assert.Equal(20 * ProviderMetrics.Outcomes.Count, Series(page, "visma_operator_token_requests_total"));
        Assert.Equal(20 * ProbeOutcome.Labels.Count, Series(page, "visma_operator_probes_total"));
        Assert.Equal(150, Series(page, "visma_operator_namespace_served"));
    }

    private static IEnumerable<string> Names(int count, string before, string after) =>
        Enumerable.Range(0, count).Select(number => $"{before}{number}{after}");

    private static int Series(string page, string metric) =>
        page.Split('\n').Count(line => line.StartsWith(metric + "{", StringComparison.Ordinal)
            && line.Contains(Listed, StringComparison.Ordinal));

    private static async Task<string> ReadAsync(EmptyWebHost http)
    {
        using var client = new HttpMessageInvoker(new SocketsHttpHandler());
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{http.Port}/metrics");
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}

/// <summary>An exporter hears the meters of the whole process, so the series of other tests would use the limits up.</summary>
[CollectionDefinition(nameof(MetricsLimitTests), DisableParallelization = true)]
public sealed class MetricsLimits;
