using Kubernetes.Client.Resources;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>Something else than its value changed in a credential Secret while a process ran, and another process starts.</summary>
public sealed class TouchedSecretTests
{
    [Theory]
    [InlineData(Some.ClientSecret, 1, "SecretAccepted")]
    [InlineData("a-typing-error", 2, "ClientRefused")]
    public async Task It_is_tried_only_if_its_value_changed_since(string value, int asked, string reason)
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(5));
        await TouchAsync(test);
        await test.StopAsync();
        if (value != Some.ClientSecret)
        {
            await test.PutSecretAsync(value);
        }

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromSeconds(55), TimeSpan.FromSeconds(5));

        var client = (await test.FindAsync<OAuthClient>(Some.Client))!;
        Assert.Equal((asked, reason), (test.TokenRequests, client.Condition("SecretVerified")!.Reason));
    }

    [Fact]
    public async Task It_ends_no_refusal()
    {
        await using var test = await TestOperator.StartAsync();
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = [new StandInSecret("made-in-the-portal")] });
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilStalledAsync("ClientRefused");
        await test.UntilIdleAsync();
        await TouchAsync(test);
        await test.StopAsync();

        test.Start();
        await test.UntilIdleAsync();

        Assert.Equal(1, test.TokenRequests);
        Assert.Equal("ClientRefused", (await test.ConnectionAsync()).Condition("Stalled")!.Reason);
    }

    private static async Task TouchAsync(TestOperator test)
    {
        await test.PatchAsync<Secret>("acme-credentials", """{"metadata": {"labels": {"touched": "yes"}}}""");
        await test.UntilIdleAsync();
    }
}
