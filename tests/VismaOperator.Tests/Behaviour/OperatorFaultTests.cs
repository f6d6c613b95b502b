using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// A bug of the operator, an exception that nobody expects, ends in a report like any other failure: what the object has stays true, the
/// cause is told without its message, the log says where it is, and it is tried again.
/// </summary>
public sealed class OperatorFaultTests
{
    private const string Quoted = "a-message-that-quotes-a-secret";
    private static readonly TimeSpan step = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_bug_while_a_token_is_asked_for_is_reported_and_the_token_in_service_stays()
    {
        var bug = new Bug();
        await using var test = await TestOperator.StartReadyAsync(test =>
            test.Change = context => context with { Tokens = bug.In(context.Tokens) }
        );
        bug.IsThere = true;

        await test.AdvanceAsync(TimeSpan.FromMinutes(41));
        var due = await test.ConnectionAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(20), step);
        var expired = await test.ConnectionAsync();

        Failing(due, isServing: true);
        Failing(expired, isServing: false);
        Assert.InRange(bug.Met, 2, 40);
        Logged(test, "vismaconnection", bug.Met);
        bug.IsThere = false;
        await HealsAsync(test);
    }

    [Fact]
    public async Task A_restarted_process_keeps_the_backoff_after_a_bug()
    {
        var bug = new Bug();
        await using var test = await TestOperator.StartReadyAsync(test =>
            test.Change = context => context with { Tokens = bug.In(context.Tokens) }
        );
        bug.IsThere = true;
        await test.AdvanceAsync(TimeSpan.FromMinutes(45), step);
        var (met, next) = (bug.Met, (await test.ConnectionAsync()).Status.Failure!.NextAttemptTime!.Value);
        await test.StopAsync();

        test.Start();
        await test.UntilIdleAsync();

        Assert.Equal(met, bug.Met);
        await test.AdvanceAsync(next - test.Time.GetUtcNow());
        Assert.Equal(met + 1, bug.Met);
    }

    [Fact]
    public async Task A_bug_while_a_connection_is_observed_is_reported_and_its_consent_stays()
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        var before = await test.ConnectionAsync();
        var met = 0;
        test.Cluster.Before = (verb, kind, name) =>
        {
            if (verb == ClusterVerb.Get && kind == Secret.ResourceKind && name.Name == "acme-production-visma-grant")
            {
                met++;
                throw new InvalidCastException(Quoted);
            }

            return Task.CompletedTask;
        };

        await test.AdvanceAsync(TimeSpan.FromMinutes(41), TimeSpan.FromSeconds(30));
        var due = await test.ConnectionAsync();

        Failing(due, isServing: true);
        Assert.Equal(before.Status.Authorization, due.Status.Authorization);
        Logged(test, "vismaconnection", met);
        Assert.Equal(1, test.TokenRequests);
        test.Cluster.Before = null;
        await HealsAsync(test);
    }

    [Fact]
    public async Task A_bug_while_a_client_is_observed_is_reported_and_what_is_on_record_stays()
    {
        var bug = new Bug();
        await using var test = await TestOperator.StartReadyAsync(test =>
            test.Change = context => context with { Metadata = bug.In(context.Metadata) }
        );
        var before = (await test.FindAsync<OAuthClient>(Some.Client))!.Status;
        bug.IsThere = true;

        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "All"}}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), step);
        var client = (await test.FindAsync<OAuthClient>(Some.Client))!;

        Assert.Equal(("False", "OperatorFault"), (client.Condition("Ready")!.Status, client.Condition("Ready")!.Reason));
        Assert.Equal("OperatorFault", client.Condition("Reconciling")!.Reason);
        Assert.Null(client.Condition("Stalled"));
        Assert.Contains(nameof(InvalidCastException), client.Condition("Ready")!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Quoted, client.Condition("Ready")!.Message, StringComparison.Ordinal);
        Assert.Equal(client.Metadata.Generation, client.Status.ObservedGeneration);
        Assert.Equal(before.ActiveSecret, client.Status.ActiveSecret);
        Assert.Equal(before.ClientSecrets, client.Status.ClientSecrets);
        Assert.Equal(before.Endpoints, client.Status.Endpoints);
        Assert.Equal("True", client.Condition("SecretVerified")!.Status);
        Assert.InRange(bug.Met, 2, 20);
        Logged(test, "oauthclient", bug.Met);
        Assert.Single(test.EventsAbout(Some.Client), told => told.Reason == "OperatorFault");

        bug.IsThere = false;
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), step);
        Assert.True((await test.FindAsync<OAuthClient>(Some.Client))!.Is("Ready", "True"));
    }

    [Fact]
    public async Task A_client_that_was_refused_is_not_tried_earlier_because_of_a_bug()
    {
        var bug = new Bug();
        await using var test = await TestOperator.StartAsync(test =>
            test.Change = context => context with { Metadata = bug.In(context.Metadata) }
        );
        await test.ApplyAsync(Some.Credentials("a-wrong-secret"));
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilStalledAsync("ClientRefused");
        await test.UntilIdleAsync();
        var refusal = (await test.FindAsync<OAuthClient>(Some.Client))!.Status.Refusal!;
        bug.IsThere = true;

        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "All"}}""");
        await test.UntilAsync<OAuthClient>(Some.Client, client => client.Condition("Ready")?.Reason == "OperatorFault");
        await test.UntilIdleAsync();

        Assert.Equal(refusal, (await test.FindAsync<OAuthClient>(Some.Client))!.Status.Refusal);
    }

    private static void Failing(VismaConnection connection, bool isServing)
    {
        Assert.True(connection.Is("Ready", isServing ? "True" : "False"), connection.Condition("Ready")?.ToString());
        var news = connection.Condition(isServing ? "TokenFresh" : "Ready")!;
        Assert.Equal(("False", "OperatorFault"), (news.Status, news.Reason));
        Assert.Contains(nameof(InvalidCastException), connection.Status.Failure!.Message, StringComparison.Ordinal);
        Assert.True(connection.Status.Failure.NextAttemptTime > connection.Status.Failure.LastFailureTime);
        Assert.Null(connection.Condition("Stalled"));
        Assert.All(connection.Status.Conditions, condition => Assert.DoesNotContain(Quoted, condition.Message, StringComparison.Ordinal));
    }

    private static void Logged(TestOperator test, string controller, int times)
    {
        Assert.Contains(
            test.Logs.Lines,
            line =>
                line.Contains("Reconcile failed", StringComparison.Ordinal)
                && line.Contains(nameof(InvalidCastException), StringComparison.Ordinal)
        );
        Assert.DoesNotContain(test.Logs.Lines, line => line.Contains(Quoted, StringComparison.Ordinal));
        Assert.Equal(times, test.Metrics[$"controller_runtime_reconcile_errors_total{{controller={controller}}}"]);
    }

    private static async Task HealsAsync(TestOperator test)
    {
        await test.AdvanceAsync(TimeSpan.FromMinutes(6), step);
        var connection = await test.ConnectionAsync();
        Assert.True(connection.Is("Ready", "True"), connection.Condition("Ready")?.ToString());
        Assert.True(connection.Is("TokenFresh", "True"));
        Assert.Null(connection.Status.Failure);
    }

    /// <summary>Throws where it is put, while it is there.</summary>
    private sealed class Bug
    {
        private int met;

        public bool IsThere { get; set; }

        public int Met => Volatile.Read(ref met);

        public ITokenEndpoint In(ITokenEndpoint real) => new Tokens(this, real);

        public IServerMetadataEndpoint In(IServerMetadataEndpoint real) => new Metadata(this, real);

        private void Meet()
        {
            if (IsThere)
            {
                Interlocked.Increment(ref met);
                throw new InvalidCastException(Quoted);
            }
        }

        private sealed class Tokens(Bug bug, ITokenEndpoint real) : ITokenEndpoint
        {
            public Task<TokenOutcome> RequestAsync(
                Uri endpoint,
                ClientCredentials client,
                TokenRequest request,
                CancellationToken cancellationToken
            )
            {
                bug.Meet();
                return real.RequestAsync(endpoint, client, request, cancellationToken);
            }
        }

        private sealed class Metadata(Bug bug, IServerMetadataEndpoint real) : IServerMetadataEndpoint
        {
            public Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken)
            {
                bug.Meet();
                return real.GetAsync(issuer, cancellationToken);
            }
        }
    }
}
