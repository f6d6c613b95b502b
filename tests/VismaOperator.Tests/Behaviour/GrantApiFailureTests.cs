using Kubernetes.Client.Resources;
using Kubernetes.InMemory;
using VismaOperator.Tests.Support;
using VismaOperator.VismaConnections;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// As <see cref="ApiFailureTests"/>, for connections that act for a person: whatever fails is reported, and no refresh token is spent
/// for it.
/// </summary>
public sealed class GrantApiFailureTests
{
    private const string Token = "acme-production-token";
    private const string Grant = "acme-production-visma-grant";
    private const string Handoff = "acme-production-visma-handoff";
    private static readonly TimeSpan step = TimeSpan.FromSeconds(5);

    public static TheoryData<string> Failures => [.. ApiFaults.All];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_first_token_that_cannot_be_published(string failure)
    {
        await using var test = await SomeConsents.StartInteractiveAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Create, Secret.ResourceKind, Token);

        await test.HandOverAsync();
        await test.UntilIdleAsync();
        var first = await test.ConnectionAsync();
        if (failure != "cut after processing")
        {
            Failing(first, Token, isServing: false);
        }

        await HealsAsync(test, faults);
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_new_connection_whose_grant_cannot_be_looked_at(string failure)
    {
        await using var test = await TestOperator.StartAsync();
        test.Provider.AllowInteractive();
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.UntilIdleAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Get, Secret.ResourceKind, Grant);

        await test.ApplyAsync(SomeConsents.InteractiveConnection());
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), step);

        Failing(await test.ConnectionAsync(), Grant, isServing: false);
        Assert.InRange(faults.Met, 2, 40);
        faults.Lift();
        await test.HandOverAsync();
        await HealsAsync(test, faults);
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_grant_that_cannot_be_looked_at_keeps_what_status_says_of_it(string failure)
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        var before = await test.ConnectionAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Get, Secret.ResourceKind, Grant);

        await test.AdvanceAsync(TimeSpan.FromMinutes(41), TimeSpan.FromSeconds(30));
        var due = await test.ConnectionAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(20), TimeSpan.FromSeconds(30));
        var expired = await test.ConnectionAsync();

        Failing(due, Grant, isServing: true);
        Failing(expired, Grant, isServing: false);
        Assert.Equal(before.Status.Authorization, expired.Status.Authorization);
        Assert.True(expired.Is("Authorized", "True"));
        Assert.Equal(1, test.TokenRequests);
        await HealsAsync(test, faults);
        Assert.Equal(2, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_look_that_failed_spends_no_refresh_token_and_loses_no_request(string failure)
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Get, Secret.ResourceKind, Grant);

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.UntilIdleAsync();

        Assert.Null((await test.ConnectionAsync()).Status.LastHandledReconcileAt);
        Assert.Equal(1, test.TokenRequests);
        await HealsAsync(test, faults);
        Assert.Equal("now", (await test.ConnectionAsync()).Status.LastHandledReconcileAt);
        Assert.Equal(2, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_renewal_whose_intent_cannot_be_stored_sends_nothing(string failure)
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Update, Secret.ResourceKind, Grant);

        await test.AdvanceAsync(TimeSpan.FromMinutes(41), TimeSpan.FromSeconds(30));
        var due = await test.ConnectionAsync();

        Failing(due, Grant, isServing: true);
        Assert.Equal(1, test.TokenRequests);
        await HealsAsync(test, faults);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_code_that_cannot_be_taken_yet(string failure)
    {
        await using var test = await SomeConsents.StartInteractiveAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Get, Secret.ResourceKind, Handoff);

        await test.HandOverAsync();
        await test.UntilIdleAsync();

        Failing(await test.ConnectionAsync(), Handoff, isServing: false);
        await HealsAsync(test, faults);
        Assert.Equal(1, test.TokenRequests);
    }

    private static void Failing(VismaConnection connection, string secret, bool isServing)
    {
        Assert.True(connection.Is("Ready", isServing ? "True" : "False"), connection.Condition("Ready")?.ToString());
        var news = connection.Condition(isServing ? "TokenFresh" : "Ready")!;
        Assert.Equal("False", news.Status);
        var failure = Assert.IsType<FailureStatus>(connection.Status.Failure);
        Assert.Equal(failure.Reason, news.Reason);
        Assert.True(failure.NextAttemptTime > failure.LastFailureTime);
        Assert.Contains(secret, failure.Message!, StringComparison.Ordinal);
        Assert.All(connection.Status.Conditions, condition => Assert.DoesNotContain(ApiFaults.Quoted, condition.Message, StringComparison.Ordinal));
    }

    private static async Task HealsAsync(TestOperator test, ApiFaults faults)
    {
        faults.Lift();
        if ((await test.ConnectionAsync()).Status.Failure?.NextAttemptTime is { } next && next > test.Time.GetUtcNow())
        {
            await test.AdvanceAsync(next - test.Time.GetUtcNow());
        }

        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        var connection = await test.ConnectionAsync();
        Assert.Null(connection.Status.Failure);
        Assert.True(connection.Is("TokenFresh", "True"));
        Assert.Null(connection.Condition("Stalled"));
    }
}
