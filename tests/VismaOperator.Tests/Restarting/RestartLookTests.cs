using Kubernetes.Client;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Tests.Doubles;
using Lifecycle;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Publishing;
using VismaOperator.Restarting;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Restarting;

/// <summary>A workload is looked at once for a token, in whatever order a look and the reports of its connection come.</summary>
public sealed class RestartLookTests : IDisposable
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly WorkQueue queue;
    private readonly WorkloadRestarts restarts;
    private VismaConnection connection = Published("first");
    private int looks;

    public RestartLookTests()
    {
        var cluster = new FaultyCluster(time) { Answered = request => looks += request.Verb == ClusterVerb.Get ? 1 : 0 };
        queue = new WorkQueue(time, BackoffOptions.ForKeys, () => 0.5);
        restarts = new WorkloadRestarts(cluster, _ => [connection], new AlwaysLeader(), time, NullLogger.Instance)
        {
            Queue = queue,
            Wake = _ => { },
        };
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => queue.Dispose();

    [Fact]
    public async Task A_report_while_the_look_is_under_way_asks_for_no_other_one()
    {
        var facts = Facts();
        restarts.Arrange(connection, facts);
        var key = await queue.TakeAsync(Ct);

        restarts.Arrange(connection, facts);
        await LookAsync(key);

        Assert.Equal((1, 0), (looks, queue.Depth));
    }

    [Fact]
    public async Task A_report_on_what_was_known_before_the_look_asks_for_no_other_one()
    {
        var before = Facts();
        restarts.Arrange(connection, before);
        await LookAsync(await queue.TakeAsync(Ct));

        restarts.Arrange(connection, before);

        Assert.Equal((1, 0), (looks, queue.Depth));
    }

    [Fact]
    public async Task A_token_that_is_published_while_the_look_for_another_one_is_under_way_is_looked_at_for()
    {
        restarts.Arrange(connection, Facts());
        var key = await queue.TakeAsync(Ct);
        var look = restarts.ReconcileAsync(key, Ct);

        connection = Published("second");
        restarts.Arrange(connection, Facts());
        await look;
        queue.Done(key);
        Assert.Equal((1, 1), (looks, queue.Depth));
        await LookAsync(await queue.TakeAsync(Ct));

        Assert.Equal((2, 0), (looks, queue.Depth));
    }

    private async Task LookAsync(NamespacedName key)
    {
        await restarts.ReconcileAsync(key, Ct);
        queue.Done(key);
    }

    private Facts Facts() =>
        new()
        {
            Connection = ConnectionFactsReader.Read(connection, new AllowLists(), isNamespaceTerminating: false),
            Client = new ClientFacts.Usable("inputs", "revision"),
            Secret = new SecretFacts.Owned("1"),
            Token = ConnectionFactsReader.Token(connection),
            Restart = restarts.FactsOf(connection),
        };

    // The workload does not exist, so that no status says that it was restarted.
    private static VismaConnection Published(string fingerprint)
    {
        var published = Some.VismaConnection();
        var issued = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
        return published with
        {
            Spec = published.Spec with { Restart = [new WorkloadReference { Kind = WorkloadKind.Deployment, Name = "missing" }] },
            Status = new VismaConnectionStatus
            {
                SecretName = "acme-production-token",
                Token = new TokenStatus
                {
                    IssueTime = issued,
                    ExpirationTime = issued + TimeSpan.FromHours(1),
                    Inputs = "inputs",
                    Layout = "layout",
                    Fingerprint = fingerprint,
                },
            },
        };
    }
}
