using Kubernetes.Client.Resources;
using Kubernetes.InMemory;
using Lifecycle;
using VismaOperator.OAuthClients;
using VismaOperator.Tests.Support;
using VismaOperator.VismaConnections;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// Whatever the API server does to a request of the operator, the report is written: true conditions, the cause, the next attempt,
/// and no second token request. Each
/// row is a verb and a failure.
/// </summary>
public sealed class ApiFailureTests
{
    private const string Token = "acme-production-token";
    private static readonly TimeSpan lifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan step = TimeSpan.FromSeconds(5);

    public static TheoryData<string, string> Writes => Rows(ClusterVerb.Create);

    public static TheoryData<string, string> Renewals => Rows(ClusterVerb.Update);

    public static TheoryData<string, string> Reads => Rows(ClusterVerb.Get);

    public static TheoryData<string, string> Deletions => Rows(ClusterVerb.Delete);

    public static TheoryData<string, string> StatusWrites => Rows(ClusterVerb.PatchStatus);

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task A_first_token_that_cannot_be_stored(string verb, string failure)
    {
        await using var test = await PreparedAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, verb, Secret.ResourceKind, Token);

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
            Failing(first, isServing: false);
            Failing(lasting, isServing: false);
            Assert.InRange(faults.Met, 2, 45);
        }

        await HealsAsync(test, faults);
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(Renewals))]
    public async Task A_renewed_token_that_cannot_be_stored(string verb, string failure)
    {
        await using var test = await ReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, verb, Secret.ResourceKind, Token);

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
            Failing(first, isServing: true);
            Failing(expired, isServing: false);
            Assert.InRange(faults.Met, 2, 60);
            Assert.Equal(2, test.TokenRequests);
        }

        await HealsAsync(test, faults);
    }

    [Theory]
    [MemberData(nameof(Reads))]
    public async Task A_Secret_that_cannot_be_read(string verb, string failure)
    {
        await using var test = await ReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, verb, Secret.ResourceKind, Token);

        await test.PatchAsync<Secret>(Token, """{"data": {"tenant_id": null}}""");
        await test.UntilIdleAsync();
        var first = await test.ConnectionAsync();

        Failing(first, isServing: true);
        Assert.InRange(faults.Met, 1, 10);
        await HealsAsync(test, faults);
        Assert.Equal(1, test.TokenRequests);
        Assert.Equal(Some.Tenant, (await test.TokenSecretAsync()).Text("tenant_id"));
    }

    [Theory]
    [MemberData(nameof(Deletions))]
    public async Task A_Secret_that_the_client_takes_away_and_that_cannot_be_deleted(string verb, string failure)
    {
        await using var test = await ReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, verb, Secret.ResourceKind, Token);

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");
        await test.UntilIdleAsync();
        var first = await test.ConnectionAsync();

        if (failure is not ("cut after processing" or "404"))
        {
            Failing(first, isServing: true);
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
    [MemberData(nameof(Deletions))]
    public async Task A_Secret_of_an_earlier_name_that_cannot_be_deleted(string verb, string failure)
    {
        await using var test = await ReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(10)); // two tokens of one second cannot be told apart
        var faults = new ApiFaults(test);
        faults.Inject(failure, verb, Secret.ResourceKind, Token);

        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-visma"}}""");
        await test.UntilIdleAsync();
        var first = await test.ConnectionAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), step);
        var lasting = await test.ConnectionAsync();

        if (failure is not ("cut after processing" or "404"))
        {
            Assert.NotNull(first.Status.Failure);
            Assert.Contains(test.EventsAbout(Some.Connection), told => told.Reason == Reason.SecretForbidden && told.Note!.Contains(Token, StringComparison.Ordinal));
            Assert.InRange(faults.Met, 2, 40);
        }

        Assert.True(lasting.Is("Ready", "True"), lasting.Condition("Ready")!.ToString());
        Assert.Equal("acme-visma", lasting.Status.SecretName);
        Assert.InRange(test.TokenRequests, 2, 3);
    }

    [Theory]
    [MemberData(nameof(StatusWrites))]
    public async Task A_status_that_is_not_taken_is_tried_again_and_costs_no_token(string verb, string failure)
    {
        await using var test = await PreparedAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, verb, VismaConnection.ResourceKind, Some.Connection);

        await test.ApplyAsync(Some.VismaConnection());
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), step);

        Assert.NotNull(await test.TokenSecretAsync());
        Assert.InRange(faults.Met, failure == "cut after processing" ? 1 : 3, 40);
        if (failure is not ("404" or "409" or "cut after processing"))
        {
            Assert.Contains(test.Logs.Lines, line => line.Contains("Status not written", StringComparison.Ordinal));
        }

        faults.Lift();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), step);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [MemberData(nameof(StatusWrites))]
    public async Task A_renewal_does_not_wait_for_a_status_that_is_not_taken(string verb, string failure)
    {
        await using var test = await ReadyAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, verb, VismaConnection.ResourceKind, Some.Connection);
        var issued = (await test.TokenSecretAsync()).Text("expires_at");

        await test.AdvanceAsync(lifetime, step);

        Assert.NotEqual(issued, (await test.TokenSecretAsync()).Text("expires_at"));
        Assert.InRange(test.TokenRequests, 2, 4); // one for each lifetime that a renewal leaves
        faults.Lift();
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), step);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Theory]
    [MemberData(nameof(StatusWrites))]
    public async Task A_client_whose_status_is_not_taken_gets_it_later(string verb, string failure)
    {
        await using var test = await PreparedAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, verb, OAuthClient.ResourceKind, Some.Client);

        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "All"}}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), step);

        Assert.InRange(faults.Met, failure == "cut after processing" ? 1 : 3, 40);
        faults.Lift();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), step);
        var client = (await test.FindAsync<OAuthClient>(Some.Client))!;
        Assert.Equal(client.Metadata.Generation, client.Status.ObservedGeneration);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task An_event_that_is_not_taken_changes_nothing(string verb, string failure)
    {
        await using var test = await PreparedAsync();
        var faults = new ApiFaults(test);
        faults.Inject(failure, verb, Event.ResourceKind, "*");

        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilIdleAsync();

        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.True(faults.Met > 0);
        Assert.Equal(1, test.TokenRequests);
    }

    private static void Failing(VismaConnection connection, bool isServing)
    {
        Assert.True(connection.Is("Ready", isServing ? "True" : "False"), connection.Condition("Ready")?.ToString());
        var news = connection.Condition(isServing ? "TokenFresh" : "Ready")!;
        Assert.True(news.Status == "False", news.ToString());
        var failure = Assert.IsType<FailureStatus>(connection.Status.Failure);
        Assert.Equal(failure.Reason, news.Reason);
        Assert.True(failure.NextAttemptTime > failure.LastFailureTime);
        Assert.Contains(Token, failure.Message!, StringComparison.Ordinal);
        Assert.All(connection.Status.Conditions, condition => Assert.DoesNotContain(ApiFaults.Quoted, condition.Message, StringComparison.Ordinal));
    }

    private static async Task HealsAsync(TestOperator test, ApiFaults faults)
    {
        faults.Lift();
        if ((await test.ConnectionAsync()).Status.Failure?.NextAttemptTime is { } next && next > test.Time.GetUtcNow())
        {
            await test.AdvanceAsync(next - test.Time.GetUtcNow());
        }

        var connection = await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        connection = await test.ConnectionAsync();
        Assert.Null(connection.Status.Failure);
        Assert.True(connection.Is("TokenFresh", "True"));
        Assert.Null(connection.Condition("Stalled"));
        Assert.All(test.EventsAbout(Some.Connection), told => Assert.DoesNotContain(ApiFaults.Quoted, told.Note!, StringComparison.Ordinal));
    }

    private static TheoryData<string, string> Rows(params IReadOnlyList<string> verbs)
    {
        var rows = new TheoryData<string, string>();
        foreach (var verb in verbs)
        {
            foreach (var failure in ApiFaults.All)
            {
                rows.Add(verb, failure);
            }
        }

        return rows;
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
