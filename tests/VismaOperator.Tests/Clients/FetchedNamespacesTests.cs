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

    private Task<NamespaceLabels> LookAsync() => namespaces.LabelsOfAsync("customer-a", TestContext.Current.CancellationToken).AsTask();

    private void Refuse(HttpStatusCode status) =>
        cluster.Before = (_, kind, _) =>
            kind == Namespace.ResourceKind ? throw new KubernetesException(status, status.ToString(), "no") : Task.CompletedTask;
}
