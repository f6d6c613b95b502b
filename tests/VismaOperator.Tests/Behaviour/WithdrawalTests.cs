using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>A token that is to be taken away stands under a name that the spec no longer asks for.</summary>
public sealed class WithdrawalTests
{
    private const string Recorded = "acme-production-token";
    private const string Wanted = "somebody-elses";
    private static readonly TimeSpan second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_Secret_of_an_earlier_name_that_may_not_be_deleted_is_named_and_calls_for_a_person(bool isWantedTaken)
    {
        await using var test = await RenamedAsync(isWantedTaken);
        var faults = new ApiFaults(test);
        faults.Inject("403", ClusterVerb.Delete, Secret.ResourceKind, Recorded);

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), second);
        var connection = await test.ConnectionAsync();
        var left = await test.FindAsync<Secret>(Recorded);
        faults.Lift();
        await test.AdvanceAsync(TimeSpan.FromMinutes(4), TimeSpan.FromSeconds(10));

        Assert.Equal(Reason.WithdrawalForbidden, connection.Condition("Stalled")?.Reason);
        Named(connection);
        Assert.NotNull(left);
        Assert.Null(await test.FindAsync<Secret>(Recorded));
        Assert.Equal(Reason.TenantNotAllowed, (await test.ConnectionAsync()).Condition("Stalled")!.Reason);
    }

    [Fact]
    public async Task A_Secret_of_an_earlier_name_that_cannot_be_deleted_is_named()
    {
        await using var test = await RenamedAsync(isWantedTaken: true);
        var faults = new ApiFaults(test);
        faults.Inject("503", ClusterVerb.Delete, Secret.ResourceKind, Recorded);

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), second);
        var connection = await test.ConnectionAsync();

        Assert.Equal(Reason.WithdrawalFailed, connection.Status.Failure?.Reason);
        Named(connection);
    }

    private static void Named(VismaConnection connection)
    {
        var message = connection.Status.Failure!.Message!;
        Assert.Contains($"Secret {Some.Namespace}/{Recorded} must be deleted", message, StringComparison.Ordinal);
        Assert.DoesNotContain(Wanted, connection.Status.Failure.Message!, StringComparison.Ordinal);
    }

    // The token stays under the earlier name: the wanted one is somebody else's, or nothing can be written.
    private static async Task<TestOperator> RenamedAsync(bool isWantedTaken)
    {
        var test = await TestOperator.StartReadyAsync();
        if (isWantedTaken)
        {
            await test.ApplyAsync(new Secret { Metadata = new ObjectMeta { Name = Wanted, Namespace = Some.Namespace } });
        }

        var faults = new ApiFaults(test);
        faults.Inject("403", ClusterVerb.Create, Secret.ResourceKind, Wanted);
        await test.ChangeConnectionAsync($$$"""{"secret": {"name": "{{{Wanted}}}"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), second);
        faults.Lift();
        Assert.Equal(Recorded, (await test.ConnectionAsync()).Status.SecretName);
        return test;
    }
}
