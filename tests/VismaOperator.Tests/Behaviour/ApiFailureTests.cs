using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Lifecycle;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// Whatever the API server does to a request of the operator, the report is written: true conditions, the cause, the next attempt,
/// and no second token request. Each test is a verb, each row a failure.
/// </summary>
public sealed class ApiFailureTests
{
    private const string Token = "acme-production-token";
    private static readonly TimeSpan lifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan step = TimeSpan.FromSeconds(5);

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_first_token_that_cannot_be_stored(string failure)
    {
        await using var test = await PreparedAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Create, Secret.ResourceKind, Token);

        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilIdleAsync();
        var first = await test.ConnectionAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), step);
        var lasting = await test.ConnectionAsync();

        if (failure == "cut after processing")
        {
            Assert.True(lasting.Is("Ready", "True")); // the Secret was written, and the next look found it
        }
        else
        {
            FailureReports.Failing(first, Token, isServing: false);
            FailureReports.Failing(lasting, Token, isServing: false);
            Assert.InRange(faults.Met, 2, 45);
        }

        await test.HealsAsync(faults);
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_renewed_token_that_cannot_be_stored(string failure)
    {
        await using var test = await ReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Update, Secret.ResourceKind, Token);

        var due = (await test.ConnectionAsync()).Status.Token!.RefreshTime!.Value;
        await test.AdvanceAsync(due - test.Time.GetUtcNow());
        var first = await test.ConnectionAsync();
        await test.AdvanceAsync(test.Time.GetUtcNow() - due + lifetime, step);
        var expired = await test.ConnectionAsync();

        if (failure == "cut after processing")
        {
            Assert.True(expired.Is("Ready", "True"));
        }
        else
        {
            FailureReports.Failing(first, Token, isServing: true);
            FailureReports.Failing(expired, Token, isServing: false);
            Assert.InRange(faults.Met, 2, 60);
            Assert.Equal(2, test.TokenRequests);
        }

        await test.HealsAsync(faults);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_Secret_that_cannot_be_read(string failure)
    {
        await using var test = await ReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Get, Secret.ResourceKind, Token);

        await test.PatchAsync<Secret>(Token, """{"data": {"tenant_id": null}}""");
        await test.UntilIdleAsync();
        var first = await test.ConnectionAsync();

        FailureReports.Failing(first, Token, isServing: true);
        Assert.InRange(faults.Met, 1, 10);
        await test.HealsAsync(faults);
        Assert.Equal(1, test.TokenRequests);
        Assert.Equal(Some.Tenant, (await test.TokenSecretAsync()).Text("tenant_id"));
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_Secret_that_the_client_takes_away_and_that_cannot_be_deleted(string failure)
    {
        await using var test = await ReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Delete, Secret.ResourceKind, Token);

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");
        await test.UntilIdleAsync();
        var first = await test.ConnectionAsync();

        if (failure is not ("cut after processing" or "404"))
        {
            FailureReports.Failing(first, Token, isServing: true);
            Assert.Contains(Some.Tenant, first.Status.Failure!.Message!, StringComparison.Ordinal);
            Assert.InRange(faults.Met, 1, 10);
        }

        faults.Lift();
        await test.AdvanceAsync(TimeSpan.FromSeconds(61), step);
        await test.UntilStalledAsync("TenantNotAllowed");
        if (failure != "404") // an API server that says so is believed
        {
            Assert.Null(await test.TokenSecretAsync());
        }

        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_Secret_of_an_earlier_name_that_cannot_be_deleted(string failure)
    {
        await using var test = await ReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(10)); // two tokens of one second cannot be told apart
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Delete, Secret.ResourceKind, Token);

        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-visma"}}""");
        await test.UntilIdleAsync();
        var first = await test.ConnectionAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), step);
        var lasting = await test.ConnectionAsync();

        if (failure is not ("cut after processing" or "404"))
        {
            Assert.NotNull(first.Status.Failure);
            Assert.Contains(
                test.EventsAbout(Some.Connection),
                told => told.Reason == Reason.SecretForbidden && told.Note!.Contains(Token, StringComparison.Ordinal)
            );
            Assert.InRange(faults.Met, 2, 40);
        }

        Assert.True(lasting.Is("Ready", "True"), lasting.Condition("Ready")!.ToString());
        Assert.Equal("acme-visma", lasting.Status.SecretName);
        Assert.InRange(test.TokenRequests, 2, 3);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_status_that_is_not_taken_is_tried_again_and_costs_no_token(string failure)
    {
        await using var test = await PreparedAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.PatchStatus, VismaConnection.ResourceKind, Some.Connection);

        await test.ApplyAsync(Some.VismaConnection());
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), step);

        Assert.NotNull(await test.TokenSecretAsync());
        Assert.InRange(faults.Met, failure == "cut after processing" ? 1 : 3, 40);
        Counted(test, "vismaconnection", failure, faults);
        if (failure is not ("404" or "409" or "cut after processing"))
        {
            Assert.Single(
                test.Logs.Lines,
                line =>
                    line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("Status not written", StringComparison.Ordinal)
            );
        }

        faults.Lift();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), step);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.Equal(1, test.TokenRequests);
        if (failure is not ("404" or "409" or "cut after processing"))
        {
            Assert.Single(test.Logs.Lines, line => line.Contains("Status is written again", StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_renewal_does_not_wait_for_a_status_that_is_not_taken(string failure)
    {
        await using var test = await ReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.PatchStatus, VismaConnection.ResourceKind, Some.Connection);
        var issued = (await test.TokenSecretAsync()).Text("expires_at");

        await test.AdvanceAsync(lifetime, step);

        Assert.NotEqual(issued, (await test.TokenSecretAsync()).Text("expires_at"));
        Assert.InRange(test.TokenRequests, 2, 4); // one for each lifetime that a renewal leaves
        faults.Lift();
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), step);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_client_whose_status_is_not_taken_gets_it_later(string failure)
    {
        await using var test = await PreparedAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.PatchStatus, OAuthClient.ResourceKind, Some.Client);

        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "All"}}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), step);

        Assert.InRange(faults.Met, failure == "cut after processing" ? 1 : 3, 40);
        Counted(test, "oauthclient", failure, faults);
        faults.Lift();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), step);
        var client = (await test.FindAsync<OAuthClient>(Some.Client))!;
        Assert.Equal(client.Metadata.Generation, client.Status.ObservedGeneration);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task An_event_that_is_not_taken_changes_nothing(string failure)
    {
        await using var test = await PreparedAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Create, Event.ResourceKind, "*");

        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilIdleAsync();
        test.Provider.Faults.Always(Fault.ServerError(503));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.UntilIdleAsync();

        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.True((await test.ConnectionAsync()).Is("TokenFresh", "False"));
        Assert.True(faults.Met > 0);
        Assert.Equal(2, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_list_that_fails_at_the_start_is_asked_for_again(string failure)
    {
        ApiFaults? faults = null;
        await using var test = await TestOperator.StartAsync(test =>
        {
            faults = new ApiFaults(test);
            faults.Inject(failure, ClusterVerb.List, VismaConnection.ResourceKind, "*");
        });
        await test.PassUntilAsync(faults!.MetAtLeast(3));

        faults.Lift();
        await test.PassUntilAsync(test.Logs.SaidAsync("Controller vismaconnection started"));
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());

        await test.UntilReadyAsync();
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(FailureReports.Rows), MemberType = typeof(FailureReports))]
    public async Task A_list_that_fails_while_running_holds_up_no_renewal(string failure)
    {
        await using var test = await ReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.List, VismaConnection.ResourceKind, "*");
        test.Cluster.BeforeDelivery = (kind, _, _) => kind == VismaConnection.ResourceKind
            ? throw new KubernetesException(HttpStatusCode.Gone, "Expired", "too old resource version")
            : Task.CompletedTask;
        await test.PatchAsync<VismaConnection>(Some.Connection, """{"metadata": {"labels": {"team": "finance"}}}""");
        await test.PassUntilAsync(faults.MetAtLeast(1));
        var issued = (await test.TokenSecretAsync()).Text("expires_at");

        test.Time.Advance(lifetime / 2);
        await test.UntilAsync<Secret>(Token, secret => secret.Text("expires_at") != issued);
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("Ready", "True"));

        faults.Lift();
    }

    private static void Counted(TestOperator test, string controller, string failure, ApiFaults faults)
    {
        // One that is gone is no failure, a conflict is settled once within a write, and a write that was carried out without an answer
        // is followed by conflicts until the watch has caught up.
        var counted = test.Metrics[$"controller_status_write_failures_total{{controller={controller}}}"]!.Value;
        Assert.InRange(
            counted,
            failure switch
            {
                "404" => 0,
                "409" => 1,
                _ => faults.Met,
            },
            failure switch
            {
                "404" => 0,
                "cut after processing" => double.PositiveInfinity,
                _ => faults.Met,
            }
        );
    }

    private static async Task<TestOperator> PreparedAsync()
    {
        var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.UntilIdleAsync();
        return test;
    }

    private static async Task<TestOperator> ReadyAsync()
    {
        var test = await PreparedAsync();
        test.Provider.Portal.AccessTokenLifetime = lifetime;
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        return test;
    }
}
