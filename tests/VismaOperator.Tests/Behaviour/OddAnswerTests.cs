using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>An exchange is answered oddly, and the new refresh token in the answer is kept.</summary>
public sealed class OddAnswerTests
{
    private const string GrantSecretName = Some.Connection + AuthorizationSpec.GrantSecretSuffix;

    private static readonly StandInRefreshTokens oneTime = new() { Usage = RefreshTokenUsage.OneTime };

    [Theory]
    [InlineData("""{"refresh_token":"r2","token_type":"Bearer"}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"of-no-tenant","token_type":"Bearer"}""")]
    public async Task A_refresh_token_beside_an_access_token_that_is_not_used_is_reported_while_it_is_only_in_memory(string answer)
    {
        await using var test = await StartConsentedAsync(oneTime);
        var writes = 0;
        test.Cluster.Before = (verb, _, name) =>
            verb == ClusterVerb.Update && name.Name == GrantSecretName && Interlocked.Increment(ref writes) > 1
                ? throw new HttpRequestException("away")
                : Task.CompletedTask;
        test.Provider.Faults.Next(
            new Fault.Answer(200, answer, "application/json", new Dictionary<string, string>()), grantType: "refresh_token");

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        var reported = test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.Failure is not null);
        await test.PassUntilAsync(reported);

        Assert.Equal("GrantNotStored", (await reported).Status.Failure!.Reason);
        Assert.Equal("now", (await reported).Status.LastHandledReconcileAt); // no other refresh token is spent for it
        test.Cluster.Before = null;
        await test.PassUntilAsync(
            test.UntilAsync<Secret>(GrantSecretName, found => found.Text("refresh_token") == "r2"));
    }

    [Fact]
    public async Task A_strange_member_beside_a_refresh_token_costs_no_consent()
    {
        await using var test = await StartConsentedAsync(oneTime);
        const string answer = """{"\ud800":1,"refresh_token":"r2","access_token":"t","token_type":"Bearer","expires_in":3600}""";
        test.Provider.Faults.Next(
            new Fault.Answer(200, answer, "application/json", new Dictionary<string, string>()), grantType: "refresh_token");

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        var connection = await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.Authorization!.Sequence == 2);

        Assert.Equal("TenantNotVerified", connection.Status.Failure!.Reason); // so the answer was understood
        Assert.Equal("r2", (await test.GrantAsync())!.Held!.RefreshToken.Reveal());
    }
}
