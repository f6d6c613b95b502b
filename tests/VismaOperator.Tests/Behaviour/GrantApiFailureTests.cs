using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

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

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
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
            FailureReports.Failing(first, Token, isServing: false);
        }

        await test.HealsAsync(faults);
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
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

        FailureReports.Failing(await test.ConnectionAsync(), Grant, isServing: false);
        Assert.InRange(faults.Met, 2, 40);
        faults.Lift();
        await test.HandOverAsync();
        await test.HealsAsync(faults);
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
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

        FailureReports.Failing(due, Grant, isServing: true);
        FailureReports.Failing(expired, Grant, isServing: false);
        Assert.Equal(before.Status.Authorization, expired.Status.Authorization);
        Assert.True(expired.Is("Authorized", "True"));
        Assert.Equal(1, test.TokenRequests);
        await test.HealsAsync(faults);
        Assert.Equal(2, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
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
        await test.HealsAsync(faults);
        Assert.Equal("now", (await test.ConnectionAsync()).Status.LastHandledReconcileAt);
        Assert.Equal(2, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_renewal_whose_intent_cannot_be_stored_sends_nothing(string failure)
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Update, Secret.ResourceKind, Grant);

        await test.AdvanceAsync(TimeSpan.FromMinutes(41), TimeSpan.FromSeconds(30));
        var due = await test.ConnectionAsync();

        FailureReports.Failing(due, Grant, isServing: true);
        Assert.Equal(1, test.TokenRequests);
        await test.HealsAsync(faults);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_renewed_token_that_cannot_be_published_spends_one_refresh_token(string failure)
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        var issued = (await test.TokenSecretAsync()).Text("access_token");
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Update, Secret.ResourceKind, Token);

        await test.AdvanceAsync(TimeSpan.FromMinutes(41), TimeSpan.FromSeconds(30));
        var due = await test.ConnectionAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(20), TimeSpan.FromSeconds(30));
        var expired = await test.ConnectionAsync();

        if (failure == "cut after processing")
        {
            Assert.True(expired.Is("Ready", "True"), expired.Condition("Ready")!.ToString());
        }
        else
        {
            FailureReports.Failing(due, Token, isServing: true);
            FailureReports.Failing(expired, Token, isServing: false);
            Assert.InRange(faults.Met, 2, failure == "409" ? 120 : 60); // a conflict is tried once more within a write
            Assert.Equal(2, test.TokenRequests);
        }

        Assert.True(expired.Is("Authorized", "True"));
        await test.HealsAsync(faults);
        Assert.NotEqual(issued, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.True((await test.ConnectionAsync()).Is("Authorized", "True"));
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_status_that_is_not_taken_keeps_neither_grant_nor_token_back(string failure)
    {
        await using var test = await SomeConsents.StartInteractiveAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.PatchStatus, VismaConnection.ResourceKind, Some.Connection);

        await test.HandOverAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), step);

        Assert.NotNull(await test.GrantAsync());
        Assert.NotNull(await test.FindAsync<Secret>(Token));
        Assert.InRange(faults.Met, failure == "cut after processing" ? 1 : 3, 40);
        faults.Lift();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), step);
        var connection = await test.ConnectionAsync();
        Assert.True(connection.Is("Ready", "True"));
        Assert.True(connection.Is("Authorized", "True"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_renewal_of_a_grant_does_not_wait_for_a_status_that_is_not_taken(string failure)
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        var issued = (await test.TokenSecretAsync()).Text("access_token");
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.PatchStatus, VismaConnection.ResourceKind, Some.Connection);

        await test.AdvanceAsync(TimeSpan.FromMinutes(61), TimeSpan.FromSeconds(30));

        Assert.NotEqual(issued, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.Equal(2, test.TokenRequests);
        Assert.True(faults.Met > 0);
        faults.Lift();
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), step);
        var connection = await test.ConnectionAsync();
        Assert.True(connection.Is("Ready", "True"));
        Assert.True(connection.Is("Authorized", "True"));
        Assert.Equal(2, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_code_that_cannot_be_taken_yet(string failure)
    {
        await using var test = await SomeConsents.StartInteractiveAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Get, Secret.ResourceKind, Handoff);

        await test.HandOverAsync();
        await test.UntilIdleAsync();

        FailureReports.Failing(await test.ConnectionAsync(), Handoff, isServing: false);
        await test.HealsAsync(faults);
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_first_grant_that_cannot_be_stored_is_held_and_no_consent_is_lost(string failure)
    {
        await using var test = await SomeConsents.StartInteractiveAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Create, Secret.ResourceKind, Grant);

        await test.HandOverAsync();
        await faults.MetAtLeast(1).WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(1, test.TokenRequests);

        faults.Lift();
        await test.PassUntilAsync(test.UntilReadyAsync());
        await test.UntilIdleAsync();
        Assert.NotNull(await test.GrantAsync());
        Assert.True((await test.ConnectionAsync()).Is("Authorized", "True"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_code_that_cannot_be_taken_out_of_its_Secret_is_not_sent(string failure)
    {
        await using var test = await SomeConsents.StartInteractiveAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Delete, Secret.ResourceKind, Handoff);

        await test.HandOverAsync();
        await test.UntilIdleAsync();

        Assert.Equal(0, test.TokenRequests);
        if (failure == "cut after processing")
        {
            var lost = (await test.ConnectionAsync()).Status.Authorization!.LastFailure!;
            Assert.Equal("ConsentFailed", lost.Reason);
            Assert.Contains($"{Handoff}, and the API server gave no answer to that", lost.Message, StringComparison.Ordinal);
            return; // a code that may be sent twice would cost the consent that it gives
        }

        if (failure == "404") // an API server that says so is believed: somebody else has the code
        {
            Assert.Equal("AwaitingConsent", (await test.ConnectionAsync()).Condition("Authorized")!.Reason);
            return;
        }

        FailureReports.Failing(await test.ConnectionAsync(), Handoff, isServing: false);
        await test.HealsAsync(faults);
        Assert.Equal(1, test.TokenRequests);
    }
}
