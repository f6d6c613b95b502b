using System.Net;
using System.Threading.Channels;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Tests.Doubles;
using Kubernetes.InMemory;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Clients;

namespace VismaOperator.Tests.Clients;

/// <summary>Namespaces that are looked at one by one, and a server that says no.</summary>
public sealed class FetchedNamespacesTests
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);
    private static readonly string[] both = ["customer-a", "customer-b"];

    private readonly FakeTimeProvider time = new();
    private readonly FaultyCluster cluster;
    private readonly FetchedNamespaces namespaces;

    public FetchedNamespacesTests()
    {
        cluster = new FaultyCluster(time, new InMemoryClusterOptions());
        namespaces = new FetchedNamespaces(cluster, time);
        Refuse(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_refusal_is_an_outage_until_it_has_lasted()
    {
        await Assert.ThrowsAsync<KubernetesException>(LookAsync);

        time.Advance(ForbiddenPatience.Length);

        Assert.IsType<NamespaceLabels.Unreadable>(await LookAsync());
    }

    [Fact]
    public async Task Another_failure_in_between_makes_the_next_refusal_a_first_one()
    {
        await Assert.ThrowsAsync<KubernetesException>(LookAsync);
        Refuse(HttpStatusCode.InternalServerError);
        await Assert.ThrowsAsync<KubernetesException>(LookAsync);
        Refuse(HttpStatusCode.Forbidden);

        time.Advance(ForbiddenPatience.Length);

        await Assert.ThrowsAsync<KubernetesException>(LookAsync);
    }

    [Fact]
    public async Task An_answer_that_a_later_question_has_overtaken_puts_no_older_labels_back()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var answered = new TaskCompletionSource();
        var labels = new Dictionary<string, string> { ["team"] = "erp" };
        cluster.Before = null;
        var written = await cluster.CreateAsync(Labelled(labels), cancellationToken);
        cluster.After = (verb, _, _) => verb == ClusterVerb.Get ? answered.Task : Task.CompletedTask;
        var early = namespaces.ConsentOfAsync("customer-a", isFirst: true, cancellationToken).AsTask();
        cluster.After = null;
        await cluster.ReplaceAsync(written with { Metadata = written.Metadata with { Labels = null } }, cancellationToken);
        await namespaces.ConsentOfAsync("customer-a", isFirst: true, cancellationToken);

        answered.SetResult();

        Assert.Empty(Assert.IsType<NamespaceLabels.Known>(await early).Labels);
        Assert.Empty(Assert.IsType<NamespaceLabels.Known>(await LookAsync()).Labels);
    }

    [Fact]
    public async Task A_refusal_that_lasts_makes_a_known_consent_unreadable_and_leaves_other_labels_as_they_were_known()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        cluster.Before = null;
        await cluster.CreateAsync(Labelled(new Dictionary<string, string> { ["team"] = "erp" }), cancellationToken);
        await LookAsync();
        Refuse(HttpStatusCode.Forbidden);
        await Assert.ThrowsAsync<KubernetesException>(() => namespaces.ConsentOfAsync("customer-a", true, cancellationToken).AsTask());
        Assert.IsType<NamespaceLabels.Known>(await namespaces.ConsentOfAsync("customer-a", isFirst: false, cancellationToken));

        time.Advance(ForbiddenPatience.Length);
        await namespaces.ConsentOfAsync("customer-a", isFirst: true, cancellationToken);

        Assert.IsType<NamespaceLabels.Unreadable>(await namespaces.ConsentOfAsync("customer-a", isFirst: false, cancellationToken));
        Assert.IsType<NamespaceLabels.Known>(await LookAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_look_that_hangs_holds_up_no_other_and_is_given_up(bool isClose)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var (hanging, changes) = (new Hanging(cluster, "customer-a"), Channel.CreateUnbounded<string>());
        var looking = new FetchedNamespaces(hanging, time) { FollowedClosely = () => both };
        looking.Changed += name => changes.Writer.TryWrite(name);
        cluster.Before = null;
        foreach (var name in both)
        {
            var written = await cluster.CreateAsync(Labelled(new Dictionary<string, string> { ["team"] = "erp" }, name), stop.Token);
            await looking.LabelsOfAsync(name, stop.Token);
            await cluster.ReplaceAsync(written with { Metadata = written.Metadata with { Labels = null } }, stop.Token);
        }

        hanging.IsHanging = true;
        var running = isClose ? looking.RunCloselyAsync(stop.Token) : looking.RunAsync(stop.Token);
        time.Advance(isClose ? FetchedNamespaces.CloseInterval : FetchedNamespaces.LookInterval);
        Assert.Equal("customer-b", await changes.Reader.ReadAsync(stop.Token).AsTask().WaitAsync(patience, stop.Token));

        hanging.IsHanging = false;
        var next = changes.Reader.ReadAsync(stop.Token).AsTask();
        while (!next.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal("customer-a", await next.WaitAsync(patience, stop.Token));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    // Looks at one namespace hang until they are given up.
    private sealed class Hanging(IKubernetesClient cluster, string name) : TestClient(cluster)
    {
        public bool IsHanging { get; set; }

        protected override Task<TAnswer> AnswerAsync<TAnswer>(
            ClusterRequest request,
            Func<Task<TAnswer>> carryOut,
            CancellationToken cancellationToken
        ) =>
            IsHanging && request.Name.Name == name
                ? new TaskCompletionSource<TAnswer>().Task.WaitAsync(cancellationToken)
                : carryOut();
    }

    private static Namespace Labelled(Dictionary<string, string> labels, string name = "customer-a") =>
        new() { Metadata = new ObjectMeta { Name = name, Labels = labels } };

    private Task<NamespaceLabels> LookAsync() => namespaces.LabelsOfAsync("customer-a", TestContext.Current.CancellationToken).AsTask();

    private void Refuse(HttpStatusCode status) =>
        cluster.Before = (_, kind, _) =>
            kind == Namespace.ResourceKind ? throw new KubernetesException(status, status.ToString(), "no") : Task.CompletedTask;
}
