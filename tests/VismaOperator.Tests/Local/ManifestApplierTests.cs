using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api;
using VismaOperator.Local;
using VismaOperator.Tests.Sets;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Local;

/// <summary>Manifests against a cluster in which the operator writes at the same time.</summary>
public sealed class ManifestApplierTests
{
    [Fact]
    public async Task A_status_that_is_written_meanwhile_does_not_stop_a_manifest()
    {
        var cluster = new FaultyCluster(new FakeTimeProvider());
        var applier = new ManifestApplier(cluster, NullLogger<ManifestApplier>.Instance);
        await applier.ApplyAsync(With(Some.VismaConnection()), Absent.Deleted, TestContext.Current.CancellationToken);
        var writes = 0;
        cluster.Before = (verb, kind, name) =>
            verb == ClusterVerb.Update && kind == VismaConnection.ResourceKind && writes++ == 0
                ? cluster.PatchStatusAsync<VismaConnection>(
                    name,
                    new JsonObject { ["status"] = new JsonObject { ["secretName"] = "acme-production-token" } },
                    TestContext.Current.CancellationToken
                )
                : Task.CompletedTask;

        await applier.ApplyAsync(
            With(Some.VismaConnection().With(spec => spec with { Suspend = true })),
            Absent.Deleted,
            TestContext.Current.CancellationToken
        );

        var applied = await cluster.FindAsync<VismaConnection>(
            Some.VismaConnection().Metadata.NamespacedName,
            TestContext.Current.CancellationToken
        );
        Assert.True(applied!.Spec.Suspend);
        Assert.Equal("acme-production-token", applied.Status.SecretName);
    }

    [Fact]
    public async Task A_connection_of_a_manifest_goes_with_it_also_with_the_label_of_a_set()
    {
        var cluster = new FaultyCluster(new FakeTimeProvider());
        var applier = new ManifestApplier(cluster, NullLogger<ManifestApplier>.Instance);
        var connection = Some.VismaConnection();
        var labels = new Dictionary<string, string> { [VismaNames.SetLabel] = "customers" };
        var copied = connection with { Metadata = connection.Metadata with { Labels = labels } };
        var ofASet = Some.VismaConnection("customers-contoso");
        await cluster.CreateAsync(
            ofASet with { Metadata = ofASet.Metadata with { Labels = labels } },
            TestContext.Current.CancellationToken
        );
        await applier.ApplyAsync(With(copied), Absent.Deleted, TestContext.Current.CancellationToken);

        await applier.ApplyAsync(new ManifestObjects([], [], [], []), Absent.Deleted, TestContext.Current.CancellationToken);

        var left = await cluster.ListAsync<VismaConnection>(ResourceSelector.All, TestContext.Current.CancellationToken);
        Assert.Equal("customers-contoso", Assert.Single(left).Metadata.Name);
    }

    [Fact]
    public async Task A_connection_that_moves_from_the_manifests_into_a_set_stays()
    {
        var (cluster, ct) = (new FaultyCluster(new FakeTimeProvider()), TestContext.Current.CancellationToken);
        var applier = new ManifestApplier(cluster, NullLogger<ManifestApplier>.Instance);
        var set = SomeSets.Set(SomeSets.Tenants(1));
        await applier.ApplyAsync(With(OfSet(0)), Absent.Deleted, ct);
        await applier.ApplyAsync(With(OfSet(0)) with { Connections = [OfSet(0), OfSet(1)] }, Absent.Deleted, ct);
        var before = await cluster.FindAsync<VismaConnection>(OfSet(0).Metadata.NamespacedName, ct);

        await applier.ApplyAsync(new ManifestObjects([], [], [], []) { Sets = [set] }, Absent.Deleted, ct);

        // Whether the set wants the second one is for the set to say.
        var left = await cluster.ListAsync<VismaConnection>(ResourceSelector.All, ct);
        Assert.Equal(2, left.Count);
        Assert.Contains(left, one => one.Metadata.Uid == before!.Metadata.Uid);

        static VismaConnection OfSet(int number)
        {
            var connection = Some.VismaConnection(SomeSets.ConnectionOf(number));
            var labels = new Dictionary<string, string>
            {
                [VismaNames.SetLabel] = SomeSets.Name,
                [VismaNames.TenantLabel] = $"customer-{number}",
            };
            return connection with { Metadata = connection.Metadata with { Labels = labels } };
        }
    }

    [Fact]
    public async Task That_restarts_are_ignored_is_told_once()
    {
        var logs = new CapturedLogs();
        var applier = new ManifestApplier(
            new FaultyCluster(new FakeTimeProvider()),
            new LoggerFactory([logs]).CreateLogger<ManifestApplier>()
        );
        var connection = Some.VismaConnection()
            .With(spec => spec with { Restart = [new WorkloadReference { Kind = WorkloadKind.Deployment, Name = "importer" }] });

        await applier.ApplyAsync(With(connection), Absent.Deleted, TestContext.Current.CancellationToken);
        await applier.ApplyAsync(With(connection), Absent.Deleted, TestContext.Current.CancellationToken);

        var told = logs.ToString().Split("spec.restart of VismaConnection integrations/acme-production is ignored");
        Assert.Equal(2, told.Length);
    }

    [Fact]
    public async Task A_namespace_that_no_manifest_declares_any_more_keeps_no_label()
    {
        var (cluster, ct) = (new FaultyCluster(new FakeTimeProvider()), TestContext.Current.CancellationToken);
        var applier = new ManifestApplier(cluster, NullLogger<ManifestApplier>.Instance);
        var declared = new Namespace
        {
            Metadata = new ObjectMeta { Name = "reports", Labels = new Dictionary<string, string> { ["accepts"] = "yes" } },
        };
        await applier.ApplyAsync(With(Some.VismaConnection()) with { Namespaces = [declared] }, Absent.Deleted, ct);

        await applier.ApplyAsync(With(Some.VismaConnection()), Absent.Deleted, ct);

        var found = await cluster.FindAsync<Namespace>(NamespacedName.ClusterScoped("reports"), ct);
        Assert.Null(found!.Metadata.Label("accepts"));
    }

    [Fact]
    public async Task The_last_of_two_manifests_of_one_namespace_wins()
    {
        var cluster = new FaultyCluster(new FakeTimeProvider());
        var applier = new ManifestApplier(cluster, NullLogger<ManifestApplier>.Instance);

        await applier.ApplyAsync(
            new([Labelled("first"), Labelled("last")], [], [], []),
            Absent.Deleted,
            TestContext.Current.CancellationToken
        );

        var applied = await cluster.FindAsync<Namespace>(new NamespacedName("", "shop"), TestContext.Current.CancellationToken);
        Assert.Equal("last", applied!.Metadata.Label("team"));
    }

    private static Namespace Labelled(string team) =>
        new() { Metadata = new ObjectMeta { Name = "shop", Labels = new Dictionary<string, string> { ["team"] = team } } };

    private static ManifestObjects With(VismaConnection connection) => new([], [], [], [connection]);
}
