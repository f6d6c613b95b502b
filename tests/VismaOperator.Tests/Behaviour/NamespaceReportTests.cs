using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>What is told of listed namespaces that are not served: by the metric at once, by the log and by events.</summary>
public sealed class NamespaceReportTests
{
    private const string Other = "customer-a";
    private const string Third = "customer-b";

    [Fact]
    public async Task A_standby_logs_and_measures_and_writes_events_only_once_it_is_leader()
    {
        var leadership = new Standby();
        var lease = new NamespacedName(Some.Namespace, "visma-operator");
        await using var test = await StartAsync(
            prepared =>
            {
                Refuse(prepared, Other, Third);
                prepared.Change = context => context with { Leadership = leadership, Lease = lease };
            },
            Some.Namespace,
            Other,
            Third
        );
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Other} is not served"));
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Third} is not served"));
        Refuse(test, Third);
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Other} is served again"));
        Assert.Equal((1, 1, 0), (Served(test, Some.Namespace), Served(test, Other), Served(test, Third)));
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
