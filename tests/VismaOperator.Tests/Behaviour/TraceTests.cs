using System.Collections.Concurrent;
using System.Diagnostics;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>The traces of a renewal.</summary>
public sealed class TraceTests
{
    [Fact]
    public async Task A_token_request_belongs_to_the_trace_of_its_reconcile_and_no_span_holds_a_secret()
    {
        using var spans = new CapturedSpans();
        await using var test = await TestOperator.StartReadyAsync();

        var request = Assert.Single(spans.Of(test), span => span.OperationName == "token request");
        Assert.Equal("reconcile vismaconnection", request.Parent?.OperationName);
        Assert.Equal(Some.Connection, request.Parent!.GetTagItem("visma_operator.object"));
        Assert.Equal("granted", request.GetTagItem("visma_operator.outcome"));
        Assert.Equal("client_credentials", request.GetTagItem("visma_operator.grant"));
        var secrets = test.Provider.Ledger.AllSecretsIssued().Append(Some.ClientSecret).ToList();
        Assert.All(
            spans.All.SelectMany(span => span.TagObjects).Select(tag => $"{tag.Value}"),
            value => Assert.DoesNotContain(secrets, secret => value.Contains(secret, StringComparison.Ordinal))
        );
    }

    /// <summary>Listens to the sources of the operator, also to those of other tests that run meanwhile.</summary>
    private sealed class CapturedSpans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> spans = new();
        private readonly ActivityListener listener;

        public CapturedSpans()
        {
            listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name is "VismaOperator.Provider" or "Kubernetes.Controllers" or "Kubernetes.Client",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = spans.Enqueue,
            };
            ActivitySource.AddActivityListener(listener);
        }

        public IReadOnlyCollection<Activity> All => spans;

        public IEnumerable<Activity> Of(TestOperator test) =>
            spans.Where(span => (string?)span.GetTagItem("visma_operator.issuer") == test.Provider.Issuer.OriginalString.TrimEnd('/'));

        public void Dispose() => listener.Dispose();
    }
}
