using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Leadership;
using Kubernetes.InMemory;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>What is told of listed namespaces that are not served: by the metric at once, by the log and by events.</summary>
public sealed class NamespaceReportTests
{
    private const string Other = "customer-a";
    private const string Third = "customer-b";

    [Fact]
    public async Task The_metric_follows_the_first_write_that_is_refused_and_the_log_once_that_has_lasted()
    {
        await using var test = await StartAsync(Some.Place, Other);
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "All"}}""");
        await test.ApplyAsync(new Namespace { Metadata = new ObjectMeta { Name = Other } });
        await test.ApplyAsync(Some.VismaConnection(place: Other));
        await test.UntilAsync<VismaConnection>(Some.Connection, ready => ready.Is("Ready", "True"), Other);
        await test.UntilIdleAsync();
        Assert.Equal((1, 1), (Served(test, Some.Place), Served(test, Other)));

        // The Role is gone. A watch that is open goes on all the same.
        Refuse(test, Other);
        await test.ChangeConnectionAsync("""{"displayName": "Acme"}""", place: Other);
        await test.UntilIdleAsync();
        var (atOnce, told) = ((Served(test, Some.Place), Served(test, Other)), Lines(test, "is not served"));
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Other} is not served"));
        var later = (Served(test, Some.Place), Served(test, Other));
        test.Cluster.Before = null;
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Other} is served again"));
        await test.UntilAsync<VismaConnection>(Some.Connection, seen => seen.Status.ObservedGeneration == seen.Metadata.Generation, Other);

        Assert.Equal((1, 0), atOnce);
        Assert.Equal(0, told);
        Assert.Equal((1, 0), later);
        Assert.Equal((1, 1), (Served(test, Some.Place), Served(test, Other)));
        Assert.Equal((1, 1), (Lines(test, "is not served"), Lines(test, "is served again")));
    }

    [Fact]
    public async Task A_status_that_is_refused_in_a_namespace_that_can_be_read_is_no_reason_to_say_that_it_is_not_served()
    {
        await using var test = await StartAsync(Some.Place, Other);
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        test.Cluster.Before = (verb, _, name) =>
            verb == ClusterVerb.PatchStatus && name.Namespace == Some.Place
                ? Task.FromException(ApiFaults.ExceptionOf("403"))
                : Task.CompletedTask;

        await test.ApplyAsync(Some.VismaConnection());
        await test.PassUntilAsync(test.Logs.SaidAsync("Status not written"));
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));

        Assert.Equal(1, Served(test, Some.Place));
        Assert.Equal(0, Lines(test, "is not served"));
    }

    [Fact]
    public async Task A_standby_logs_and_measures_and_tells_by_an_event_only_what_stands_when_it_becomes_leader()
    {
        var leadership = new Standby();
        var lease = new NamespacedName(Some.Place, "visma-operator");
        await using var test = await StartAsync(
            prepared =>
            {
                Refuse(prepared, Other, Third);
                prepared.Change = context => context with { Leadership = leadership, Lease = lease };
            },
            Some.Place,
            Other,
            Third
        );
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Other} is not served"));
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Third} is not served"));
        Refuse(test, Third);
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Other} is served again"));
        Assert.Equal((1, 1, 0), (Served(test, Some.Place), Served(test, Other), Served(test, Third)));
        Assert.Empty(test.Record.Of<Event>());

        leadership.Lead();
        var told = await FirstEventAsync(test);

        Assert.Equal(("NamespaceNotServed", "Warning", lease.Name), (told.Reason, told.Type, told.Regarding!.Name));
        Assert.Contains($"Namespace {Third} is not served", told.Note, StringComparison.Ordinal);
        Assert.Contains("Role and RoleBinding", told.Note, StringComparison.Ordinal);
        test.Cluster.Before = null;
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Third} is served again"));
        await test.UntilIdleAsync();
        Assert.DoesNotContain(test.Record.Of<Event>(), other => other.Note!.Contains(Other, StringComparison.Ordinal));
    }

    private static Task<TestOperator> StartAsync(params string[] namespaces) => StartAsync(_ => { }, namespaces);

    private static Task<TestOperator> StartAsync(Action<TestOperator> prepare, params string[] namespaces) =>
        TestOperator.StartAsync(test =>
        {
            test.Namespaces = namespaces;
            prepare(test);
        });

    private static void Refuse(TestOperator test, params string[] namespaces) =>
        test.Cluster.Before = (verb, _, name) =>
            verb is ClusterVerb.List or ClusterVerb.Watch or ClusterVerb.PatchStatus && namespaces.Contains(name.Namespace)
                ? Task.FromException(ApiFaults.ExceptionOf("403"))
                : Task.CompletedTask;

    private static double? Served(TestOperator test, string name) => test.Metrics[$"visma_operator_namespace_served{{namespace={name}}}"];

    private static int Lines(TestOperator test, string words) =>
        test.Logs.Lines.Count(line => line.Contains(words, StringComparison.Ordinal));

    private static async Task<Event> FirstEventAsync(TestOperator test)
    {
        while (true)
        {
            var change = test.NextChange;
            if (test.Record.Of<Event>() is [var first, ..])
            {
                return first;
            }

            await change.WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Does not lead until it is told to.</summary>
    private sealed class Standby : ILeadership
    {
        private readonly TaskCompletionSource leads = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsLeader => leads.Task.IsCompleted;

        public TimeSpan Remaining => IsLeader ? TimeSpan.MaxValue : TimeSpan.Zero;

        public void Lead() => leads.SetResult();

        public void EnsureLeader()
        {
            if (!IsLeader)
            {
                throw new LeadershipLostException("standby");
            }
        }

        public Task WaitUntilLeaderAsync(CancellationToken cancellationToken) => leads.Task.WaitAsync(cancellationToken);
    }
}
