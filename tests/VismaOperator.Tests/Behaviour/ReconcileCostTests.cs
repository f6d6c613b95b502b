using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>The watch tells of an own write before the API server has answered it, as it mostly does.</summary>
public sealed class ReconcileCostTests
{
    private static readonly string[] results = ["success", "requeue_after", "requeue", "error"];

    [Fact]
    public async Task A_renewal_is_one_reconcile()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var refreshAt = (await test.ConnectionAsync()).Status.Token!.RefreshTime!.Value;
        await test.AdvanceAsync(refreshAt - test.Time.GetUtcNow() - TimeSpan.FromSeconds(1));
        test.Cluster.After = async (verb, kind, _) =>
        {
            if (verb == ClusterVerb.Update && kind == Secret.ResourceKind)
            {
                await test.UntilSeenAsync();
            }
        };
        var (before, asked) = (Reconciles(test), test.TokenRequests);

        await test.AdvanceAsync(TimeSpan.FromSeconds(2));

        Assert.Equal(asked + 1, test.TokenRequests);
        Assert.Equal(before + 1, Reconciles(test));
    }

    [Theory]
    [InlineData("""{"data":{"access_token":"Zm9yZ2Vk"}}""")]
    [InlineData("""{"metadata":{"annotations":{"visma-operator.io/fingerprint":"forged"}}}""")]
    public async Task What_somebody_edits_before_the_report_is_answered_is_put_back(string edit)
    {
        var token = await AfterAsync(test => test.PatchAsync<Secret>("acme-production-token", edit));

        Assert.NotEqual("forged", token.Text("access_token"));
        Assert.NotEqual("forged", token.Metadata.Annotation("visma-operator.io/fingerprint"));
    }

    [Fact]
    public async Task What_somebody_deletes_before_the_report_is_answered_is_put_back() =>
        Assert.NotEmpty((await AfterAsync(test => test.DeleteAsync<Secret>("acme-production-token"))).Text("access_token"));

    // The Secret as it is after something happened to it between the report of the first token and the end of that reconcile.
    private static async Task<Secret> AfterAsync(Func<TestOperator, Task> happens)
    {
        await using var test = await TestOperator.StartAsync();
        var happened = false;
        test.Cluster.After = async (verb, kind, _) =>
        {
            if (verb == ClusterVerb.PatchStatus && kind == VismaConnection.ResourceKind && test.TokenRequests > 0 && !happened)
            {
                happened = true;
                await happens(test);
                await test.UntilSeenAsync();
            }
        };
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());

        await test.AdvanceAsync(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1)); // between two token requests lies a second

        Assert.True(happened);
        return await test.TokenSecretAsync();
    }

    private static double Reconciles(TestOperator test) => results
        .Sum(result => test.Metrics[$"controller_runtime_reconcile_total{{controller=vismaconnection,result={result}}}"] ?? 0);
}
