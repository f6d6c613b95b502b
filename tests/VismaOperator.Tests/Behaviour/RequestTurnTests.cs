using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>A connection whose request cannot be attempted does not keep the others of its client from theirs.</summary>
public sealed class RequestTurnTests
{
    [Theory]
    [InlineData("403")]
    [InlineData("503")]
    public async Task One_whose_Secret_cannot_be_written_goes_to_the_end_of_the_line(string failure)
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ApplyAsync(Some.VismaConnection("zoo"));
        await test.UntilReadyAsync("zoo");
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Update, Secret.ResourceKind, "acme-production-token");
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "earlier");
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "later");
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now", "zoo");
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));

        Assert.Equal("now", (await test.ConnectionAsync("zoo")).Status.LastHandledReconcileAt);
        Assert.Equal("earlier", (await test.ConnectionAsync()).Status.LastHandledReconcileAt);
    }
}
