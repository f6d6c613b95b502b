using System.Net;
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

    private static Namespace Labelled(Dictionary<string, string> labels) =>
        new() { Metadata = new ObjectMeta { Name = "customer-a", Labels = labels } };

    private Task<NamespaceLabels> LookAsync() => namespaces.LabelsOfAsync("customer-a", TestContext.Current.CancellationToken).AsTask();

    private void Refuse(HttpStatusCode status) =>
        cluster.Before = (_, kind, _) =>
            kind == Namespace.ResourceKind ? throw new KubernetesException(status, status.ToString(), "no") : Task.CompletedTask;
}
