using System.Diagnostics;
using Kubernetes.Client.Contract;
using Xunit;

namespace Kubernetes.Client.Tests.Http;

/// <summary>Which headers of a trace the API server gets.</summary>
public sealed class TraceContextTests
{
    [Fact]
    public async Task The_API_server_gets_the_context_of_the_span_of_its_request_and_no_baggage()
    {
        var stopped = new List<Activity>();
        using var reconciles = new ActivitySource("Kubernetes.Controllers");
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source == reconciles || source.Name == "Kubernetes.Client",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = stopped.Add,
        };
        ActivitySource.AddActivityListener(listener);
        SeenRequest request;
        using (var reconcile = reconciles.StartActivity("reconcile a widget"))
        {
            reconcile!.AddBaggage("chosen", "by-somebody");
            request = await AskAsync();
        }

        var reconciled = stopped[^1];
        var asked = Assert.Single(stopped, span => span.ParentSpanId == reconciled.SpanId);
        Assert.Equal("GET", asked.OperationName);
        Assert.Equal(asked.Id, request.Headers.TraceParent);
        Assert.DoesNotContain("by-somebody", string.Join('\n', request.Headers), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_a_browser_caused_belongs_to_no_trace_and_carries_nothing_of_the_browser()
    {
        using var browser = new Activity("a request that a browser made");
        browser.SetIdFormat(ActivityIdFormat.W3C).AddBaggage("chosen", "by-the-browser").Start();

        var request = await AskAsync();

        Assert.Empty(request.Headers.TraceParent.ToString());
        Assert.DoesNotContain("by-the-browser", string.Join('\n', request.Headers), StringComparison.Ordinal);
    }

    private static async Task<SeenRequest> AskAsync()
    {
        await using var server = await ScriptedApiServer.StartAsync(
            (_, context) => context.SendAsync(Answers.List(7, null, Answers.Widget("a", 1)))
        );
        using var test = new ClientUnderTest(server);
        await test.Client.ListPageAsync<Widget>(ResourceSelector.All, 1, null, TestContext.Current.CancellationToken);
        return Assert.Single(server.Requests);
    }
}
