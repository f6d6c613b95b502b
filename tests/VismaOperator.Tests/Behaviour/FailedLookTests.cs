using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Lifecycle;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// A look that fails is no attempt: it neither hides when the next attempt is due, nor calls for a token once it is over.
/// </summary>
public sealed class FailedLookTests
{
    private const string Token = "acme-production-token";
    private const string Grant = "acme-production-visma-grant";
    private static readonly TimeSpan step = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_Secret_of_the_client_that_cannot_be_read_for_long_is_reported()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject("503", ClusterVerb.List, Secret.ResourceKind, "*");
        await test.ChangeClientAsync("""
            {"clientSecrets": [
                {"secretKeyRef": {"name": "acme-credentials", "key": "clientSecret"}},
                {"secretKeyRef": {"name": "acme-next", "key": "clientSecret"}}]}
            """);
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        var atFirst = (await test.ConnectionAsync()).Condition("TokenFresh")!;
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        var later = (await test.ConnectionAsync()).Condition("TokenFresh")!;

        faults.Lift();
        var isRead = test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("TokenFresh", "True"));
        await test.PassUntilAsync(isRead);

        Assert.Equal(("True", "False", Reason.ApiRequestFailed), (atFirst.Status, later.Status, later.Reason));
        Assert.Contains("a Secret that OAuthClient integrations/acme references, could not", later.Message, StringComparison.Ordinal);
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [InlineData("403", false)]
    [InlineData("503", false)]
    [InlineData("timeout", false)]
    [InlineData("403", true)]
    [InlineData("503", true)]
    [InlineData("timeout", true)]
    public async Task A_refused_connection_is_tried_when_its_status_says(string failure, bool isOfPerson)
    {
        await using var test = isOfPerson ? await SomeConsents.StartConsentedAsync() : await TestOperator.StartReadyAsync();
        var (before, requests) = await RefusedAsync(test);
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Get, Secret.ResourceKind, isOfPerson ? Grant : Token);

        await test.PatchAsync<Secret>(Token, """{"data": {"tenant_id": null}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(70), TimeSpan.FromSeconds(1));
        var during = await test.ConnectionAsync();
        var met = faults.Met;
        faults.Lift();
        var next = before.Status.Failure!.NextAttemptTime!.Value;
        await test.AdvanceAsync(next - test.Time.GetUtcNow() - TimeSpan.FromSeconds(2), step);
        var early = test.TokenRequests;
        await test.AdvanceAsync(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));

        Assert.InRange(met, 2, 20);
        Assert.Equal(before.Status.Failure, during.Status.Failure);
        Assert.Equal(Reason.ScopeRefused, during.Condition("Stalled")!.Reason);
        Assert.Equal((requests, requests + 1), (early, test.TokenRequests));
        Assert.Equal(before.Status.Failure.Attempts + 1, (await test.ConnectionAsync()).Status.Failure!.Attempts);
        Assert.Equal(Some.Tenant, (await test.TokenSecretAsync()).Text("tenant_id"));
    }

    [Fact]
    public async Task A_restart_while_looks_fail_keeps_the_time_of_the_next_attempt()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var (before, requests) = await RefusedAsync(test);
        var faults = new ApiFaults(test);
        faults.Inject("503", ClusterVerb.Get, Secret.ResourceKind, Token);
        await test.PatchAsync<Secret>(Token, """{"data": {"tenant_id": null}}""");
        await test.AdvanceAsync(step, TimeSpan.FromSeconds(1));

        await test.StopAsync();
        test.Start();
        await test.AdvanceAsync(step, TimeSpan.FromSeconds(1));
        faults.Lift();
        await test.AdvanceAsync(step, TimeSpan.FromSeconds(1));

        Assert.Equal(before.Status.Failure, (await test.ConnectionAsync()).Status.Failure);
        Assert.Equal(requests, test.TokenRequests);
    }

    [Fact]
    public async Task An_attempt_that_a_failing_look_puts_off_is_made_afterwards_and_counted_on()
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        test.Provider.Faults.Always(Fault.ServerError(503));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now"); // the token is good for long: only the failure calls for another
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        var (before, requests) = (await test.ConnectionAsync(), test.TokenRequests);
        var faults = new ApiFaults(test);
        faults.Inject("503", ClusterVerb.Get, Secret.ResourceKind, Grant);

        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(1));
        var during = await test.ConnectionAsync();
        var early = test.TokenRequests;
        faults.Lift();
        await test.AdvanceAsync(during.Status.Failure!.NextAttemptTime!.Value - test.Time.GetUtcNow());
        var after = await test.ConnectionAsync();

        FailureReports.Failing(during, Grant, isServing: true);
        Assert.Equal((requests, requests + 1), (early, test.TokenRequests));
        Assert.Equal(Reason.ProviderUnavailable, after.Status.Failure!.Reason);
        Assert.Equal(before.Status.Failure!.Attempts + 1, after.Status.Failure.Attempts);
    }

    [Fact]
    public async Task A_Secret_out_of_sight_that_cannot_be_read_costs_no_token()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject("503", ClusterVerb.Get, Secret.ResourceKind, Token);

        await test.PatchAsync<Secret>(Token, """{"metadata": {"labels": {"visma-operator.io/secret": null}}}""");
        await test.AdvanceAsync(step, TimeSpan.FromSeconds(1));
        await test.HealsAsync(faults);

        Assert.Equal(VismaNames.TokenSecretValue, (await test.TokenSecretAsync()).Metadata.Label(VismaNames.SecretLabel));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_connection_that_is_woken_before_the_next_look_keeps_the_token_of_a_Secret_out_of_sight()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject("503", ClusterVerb.Get, Secret.ResourceKind, Token);
        await test.PatchAsync<Secret>(Token, """{"metadata": {"labels": {"visma-operator.io/secret": null}}}""");
        await test.UntilIdleAsync();

        await test.PatchAsync<VismaConnection>(Some.Connection, """{"metadata": {"labels": {"wake": "yes"}}}""");
        await test.UntilIdleAsync();

        Assert.NotNull((await test.ConnectionAsync()).Status.Token);
        await test.HealsAsync(faults);
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [InlineData(Token, false)]
    [InlineData(Token, true)]
    [InlineData(Grant, true)]
    public async Task A_missing_permission_to_read_is_reported_and_costs_no_token_once_it_is_granted(string secret, bool isOfPerson)
    {
        await using var test = isOfPerson ? await SomeConsents.StartConsentedAsync() : await TestOperator.StartReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject("403", ClusterVerb.Get, Secret.ResourceKind, secret);

        await test.PatchAsync<Secret>(Token, """{"data": {"tenant_id": null}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(1));
        var stalled = await test.UntilStalledAsync(Reason.ApiRequestForbidden);
        await test.HealsAsync(faults);
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), step);

        Assert.Contains(secret, stalled.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"grant the operator's service account get on Secrets in namespace {Some.Namespace}",
            stalled.Condition("Stalled")!.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_missing_permission_to_read_is_reported_however_often_the_connection_is_woken()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject("403", ClusterVerb.Get, Secret.ResourceKind, Token);

        for (var wake = 0; wake < 15; wake++)
        {
            await test.PatchAsync<Secret>(Token, $$"""{"data": {"tenant_id": null}, "metadata": {"labels": {"wake": "{{wake}}"} } }""");
            await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(Reason.ApiRequestForbidden, (await test.ConnectionAsync()).Condition("TokenFresh")!.Reason);
    }

    [Fact]
    public async Task A_look_that_succeeds_ends_the_count_though_the_step_after_it_fails()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject("503", ClusterVerb.Get, Secret.ResourceKind, Token);
        await test.PatchAsync<Secret>(Token, """{"data": {"tenant_id": null}}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(1));
        faults.Inject("503", ClusterVerb.Update, Secret.ResourceKind, Token);
        await test.AdvanceAsync((await test.ConnectionAsync()).Status.Failure!.NextAttemptTime!.Value - test.Time.GetUtcNow());
        Assert.Equal(Reason.SecretNotWritten, (await test.ConnectionAsync()).Status.Failure!.Reason);

        faults.Inject("503", ClusterVerb.Get, Secret.ResourceKind, Token);
        var met = faults.Met;
        await test.PatchAsync<Secret>(Token, """{"metadata": {"labels": {"wake": "yes"}}}""");
        await test.AdvanceAsync(step, TimeSpan.FromSeconds(1));

        Assert.InRange(faults.Met - met, 2, 10);
    }

    [Theory]
    [InlineData("403")]
    [InlineData("403 policy")]
    [InlineData("500")]
    [InlineData("503")]
    [InlineData("cut")]
    public async Task A_Secret_that_could_not_be_taken_away_costs_no_token_once_the_client_allows_it_again(string failure)
    {
        await using var test = await TestOperator.StartReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Delete, Secret.ResourceKind, Token);

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");
        await test.AdvanceAsync(step, TimeSpan.FromSeconds(1));
        var withdrawing = await test.ConnectionAsync();
        await test.ChangeClientAsync("""{"tenants": null}""");
        await test.UntilIdleAsync();
        await test.HealsAsync(faults);
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), step);

        FailureReports.Failing(withdrawing, Token, isServing: true);
        Assert.Equal(1, test.TokenRequests);
    }

    // Refused so often that the next attempt is minutes away, whatever the UID that spreads the first.
    private static async Task<(VismaConnection Connection, int Requests)> RefusedAsync(TestOperator test)
    {
        test.Provider.Faults.Always(Fault.Error(new StandInError("invalid_scope")));
        while ((await test.ConnectionAsync()).Status.Failure is not { Attempts: 4 })
        {
            await test.AdvanceAsync(step);
        }

        return (await test.ConnectionAsync(), test.TokenRequests);
    }
}
