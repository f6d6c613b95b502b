using System.Net;
using System.Text.Json;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Cli.Doctor;
using VismaOperator.Local;
using VismaOperator.Manifests;
using VismaOperator.Tests.Sets;
using VismaOperator.Tests.Support;
using ManifestObjects = VismaOperator.Cli.Doctor.ManifestObjects;

namespace VismaOperator.Tests.Doctor;

/// <summary><c>doctor</c>: what is told while it still looks, and what is asked once for several connections.</summary>
public sealed class DoctorRunTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_link_is_told_when_it_is_known()
    {
        await using var scene = await DoctorScene.OpenAsync();
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource<IPAddress[]>());
        scene.Resolve = (_, _) =>
        {
            asked.TrySetResult();
            return answer.Task;
        };
        var saying = scene.SayAsync();
        await asked.Task.WaitAsync(TestOperator.Patience, Ct);

        Assert.Contains("\n✓ Client secret ", scene.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("DNS ", scene.Output, StringComparison.Ordinal);

        answer.SetResult([IPAddress.Loopback]);
        Assert.Contains("\n✓ DNS ", await saying, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_way_to_one_issuer_is_looked_at_once_for_all_connections()
    {
        await using var scene = await DoctorScene.OpenAsync();
        var lookups = 0;
        scene.Resolve = (_, _) =>
        {
            Interlocked.Increment(ref lookups);
            return Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        };
        scene.Put(scene.Connection with { Metadata = scene.Connection.Metadata with { Name = "second" } });
        scene.Options = scene.Options with { Requests = DoctorRequests.Shown };

        await scene.SayAsync(alsoOf: ["second"]);

        Assert.Equal(1, lookups);
        Assert.Equal(2, scene.Output.Split("✓ DNS ").Length - 1);
        Assert.Equal(2, scene.Output.Split(" Clock ").Length - 1);
        Assert.InRange(scene.Provider.Ledger.Requests.Count, 1, 2); // the contact, and the discovery document
    }

    [Fact]
    public async Task Of_local_mode_status_is_told_and_client_secrets_are_those_of_manifests()
    {
        await using var scene = await DoctorScene.OpenAsync();
        using var folder = new TemporaryFolder();
        Keep(folder.Path, scene.Connection);
        Keep(folder.Path, scene.Client!);
        var state = new StateObjects(folder.Path, manifests: null);

        var report = await scene.RunAsync(state);

        KeptFile.Write(StateFiles.Of(folder.Path, VismaConnection.ResourceKind, new NamespacedName(Some.Namespace, "damaged")), "{"u8);
        var unread = new List<string>();
        Assert.Equal([scene.Connection.Metadata.NamespacedName], state.Connections(unread.Add));
        Assert.Contains("damaged.json cannot be read: ", Assert.Single(unread), StringComparison.Ordinal);
        Assert.Equal(LinkOutcome.Ok, report.Links.Single(link => link.Link == "status").Outcome);
        var secret = report.Links.Single(link => link.Link == "clientSecret");
        Assert.Equal((LinkOutcome.Unknown, DoctorReason.NotFound), (secret.Outcome, secret.Reason));
        Assert.Contains("-f DIR", secret.Message, StringComparison.Ordinal);
        Assert.Equal(
            ["secret", "readers", "operator", "permissions", "restarts", "networkPolicy"],
            report.Links.Where(link => link.Reason == DoctorReason.NoCluster).Select(link => link.Link)
        );

        var manifests = ManifestReader.ReadText("acme.yaml", DoctorTests.Manifests(scene));
        report = await scene.RunAsync(new StateObjects(folder.Path, new ManifestObjects(manifests, scene.Allowed, scene.Time)));

        Assert.Equal(LinkOutcome.Ok, report.Links.Single(link => link.Link == "token").Outcome);
        Assert.False(report.Broken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_local_mode_allows_and_doctor_does_not_is_unknown_and_not_broken(bool hasManifests)
    {
        await using var scene = await DoctorScene.OpenAsync();
        using var folder = new TemporaryFolder();
        Keep(folder.Path, scene.Connection);
        Keep(folder.Path, scene.Client!);
        var set = ManifestReader.ReadText("acme.yaml", DoctorTests.Manifests(scene));
        scene.Issuer = "https://connect.visma.com";
        var manifests = hasManifests ? new ManifestObjects(set, scene.Allowed, scene.Time) : null;

        var report = await scene.RunAsync(new StateObjects(folder.Path, manifests));

        var client = report.Links.Single(link => link.Link == "client");
        Assert.Equal((LinkOutcome.Unknown, "IssuerNotAllowed"), (client.Outcome, client.Reason));
        Assert.False(report.Broken);
        Assert.Empty(scene.Provider.Ledger.Requests);
    }

    [Fact]
    public async Task Where_there_is_no_connection_a_grant_that_waits_for_it_and_a_set_of_the_name_are_told()
    {
        await using var scene = await DoctorScene.OpenAsync();
        var cluster = new ClusterObjects(scene.Cluster, "https://cluster.example.com/");
        scene.Put(SomeSets.Set(SomeSets.Tenants(1)) with
        {
            Metadata = new ObjectMeta { Name = Some.Connection, Namespace = Some.Namespace },
        });

        var set = await Assert.ThrowsAsync<DoctorException>(() => scene.RunAsync(cluster));
        Assert.EndsWith(
            $"There is a set of connections of that name: visma-operator doctor vcs/{Some.Connection} -n integrations",
            set.Message,
            StringComparison.Ordinal
        );

        scene.Interactive();
        var grant = await Assert.ThrowsAsync<DoctorException>(() => scene.RunAsync(cluster));
        Assert.Contains(
            $"Secret integrations/{Some.Connection}-visma-grant is that of a grant for it. If the grant was moved here, create the "
                + "connection: docs/moving-a-grant.md, step 4.",
            grant.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_grant_that_was_taken_out_is_not_to_be_put_back()
    {
        await using var scene = await DoctorScene.OpenAsync();
        scene.Interactive();
        scene.Authorized("False", "ConsentRequired", "Restore it from a backup. Have a person consent.");
        scene.Moving();

        var message = (await scene.WalkAsync()).Links.Single(link => link.Link == "consent").Message;

        Assert.StartsWith(
            "There is no grant here that can be used. If it is being moved to another cluster, do not put it back: go on with "
                + "docs/moving-a-grant.md. ",
            message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("backup", message, StringComparison.Ordinal);
        Assert.DoesNotContain("consent:", message, StringComparison.Ordinal);
    }

    private static void Keep<T>(string state, T resource)
        where T : class, IResource<T> =>
        KeptFile.Write(
            StateFiles.Of(state, T.ResourceKind, resource.Metadata.NamespacedName),
            JsonSerializer.SerializeToUtf8Bytes(resource, T.JsonTypeInfo)
        );
}
