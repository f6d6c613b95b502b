using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.InMemory;
using VismaOperator.Api;
using VismaOperator.Sets;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Sets;

/// <summary>What a set writes: exactly what differs, and nothing once it is written.</summary>
public sealed class SetDifferenceTests
{
    private const string Uid = "the-set";
    private static readonly HashSet<string> nobody = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private const string OurOwner =
        """{"apiVersion":"visma-operator.io/v1","kind":"VismaConnectionSet","name":"customers","uid":"the-set","controller":true,"""
        + "\"blockOwnerDeletion\":false}";

    /// <summary>One change of a connection of a set, and the patch that takes it back; null where there is nothing to take back.</summary>
    public static TheoryData<string, string?> Changes() => new()
    {
        { "{}", null },
        { """{"spec": {"displayName": "x"}}""", """{"spec":{"displayName":"Tenant customer-0"}}""" },
        { """{"spec": {"suspend": true}}""", """{"spec":{"suspend":false}}""" }, // not in the template
        { """{"spec": {"grant": "ClientCredentials", "refresh": {"minRemainingValidity": "10m"}}}""", null }, // defaults, written out
        { """{"spec": {"apiVersion": null, "secret": null}}""", null }, // defaults, left out
        { """{"spec": {"tenantID": "x"}}""", """{"spec":{"tenantID":"00000000-0000-4000-8000-000000000000"}}""" },
        { """{"spec": {"probe": {"enabled": true}}}""", """{"spec":{"probe":null}}""" },
        {
            """{"spec": {"scopes": ["a:b"]}}""",
            """{"spec":{"scopes":["vismanet_erp_service_api:read","vismanet_erp_service_api:create"]}}"""
        },
        { """{"metadata": {"labels": {"team": "a"}, "annotations": {"note": "a"}}}""", null }, // somebody else's
        { """{"metadata": {"labels": {"kind": "x"}}}""", """{"metadata":{"labels":{"kind":"customer"}}}""" },
        {
            """{"metadata": {"labels": {"visma-operator.io/connection-set": null}}}""",
            """{"metadata":{"labels":{"visma-operator.io/connection-set":"customers"}}}"""
        },
        {
            """{"metadata": {"labels": {"old": "x"}, "annotations": {"visma-operator.io/set-keys": "label:old"}}}""",
            """{"metadata":{"labels":{"old":null},"annotations":{"visma-operator.io/set-keys":"label:kind"}}}"""
        },
        { """{"metadata": {"ownerReferences": []}}""", $$$"""{"metadata":{"ownerReferences":[{{{OurOwner}}}]}}""" },
        {
            $$$"""{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"b"},{{{OurOwner}}}]}}""",
            null
        },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_was_changed_is_taken_back_and_nothing_else_is_touched(string change, string? patch)
    {
        var cluster = new InMemoryCluster(TimeProvider.System);
        var set = Owner(SomeSets.Set(SomeSets.Tenant(0)));
        var wanted = Wanted(set);
        await cluster.CreateAsync(wanted[0].Connection, Ct);
        var changed = await cluster.PatchAsync<VismaConnection>(
            wanted[0].Connection.Metadata.NamespacedName,
            JsonNode.Parse(change)!.AsObject(),
            Ct
        );

        var difference = SetDifference.Between(set, wanted, nobody, [changed]);

        Assert.Empty(difference.Missing);
        Assert.Empty(difference.Surplus);
        Assert.Empty(difference.Taken);
        Assert.Equal(
            patch,
            difference.Changed is [var one] ? WithoutVersion(one) : null
        );
    }

    [Fact]
    public void Retain_takes_the_owner_off_and_Delete_puts_it_back()
    {
        var set = Owner(SomeSets.Set(SomeSets.Tenant(0)));
        var retaining = set with { Spec = set.Spec with { DeletionPolicy = DeletionPolicy.Retain } };
        var owned = Wanted(set)[0].Connection;
        var free = Wanted(retaining)[0].Connection;

        Assert.Null(free.Metadata.OwnerReferences);
        Assert.Equal(
            """{"metadata":{"ownerReferences":[]}}""",
            WithoutVersion(Assert.Single(SetDifference.Between(retaining, Wanted(retaining), nobody, [owned]).Changed))
        );
        Assert.Contains(
            "the-set",
            WithoutVersion(Assert.Single(SetDifference.Between(set, Wanted(set), nobody, [free]).Changed)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_connection_of_that_name_that_is_not_of_the_set_is_left_alone()
    {
        var set = Owner(SomeSets.Set(SomeSets.Tenant(0)));
        var foreign = Some.VismaConnection(SomeSets.ConnectionOf(0));
        var child = Wanted(set)[0].Connection;
        var owner = child.Metadata.OwnerReferences![0] with { Uid = "another" };
        var ofAnother = child with { Metadata = child.Metadata with { OwnerReferences = [owner] } };

        Assert.All(
            (VismaConnection[])[foreign, ofAnother],
            present =>
            {
                var difference = SetDifference.Between(set, Wanted(set), nobody, [present]);
                Assert.Equal([present], difference.Taken);
                Assert.Empty(difference.Missing);
                Assert.Empty(difference.Changed);
                Assert.Empty(SetDifference.Between(set, [], nobody, [present]).Surplus);
            }
        );
    }

    [Fact]
    public void A_copy_under_another_name_is_not_of_the_set_although_it_has_all_its_marks()
    {
        var set = Owner(SomeSets.Set(SomeSets.Tenant(0)));
        var child = Wanted(set)[0].Connection;
        var copy = child with { Metadata = child.Metadata with { Name = child.Metadata.Name + "-test" } };

        Assert.Empty(SetDifference.Between(set, Wanted(set), nobody, [child, copy]).Surplus);
    }

    [Fact]
    public void A_connection_that_was_retained_is_taken_up_by_a_later_set_of_the_name()
    {
        var first = Owner(SomeSets.Set(SomeSets.Tenant(0)));
        first = first with { Spec = first.Spec with { DeletionPolicy = DeletionPolicy.Retain } };
        var left = Wanted(first)[0].Connection;
        var later = SomeSets.Set(SomeSets.Tenant(0));
        later = later with { Metadata = later.Metadata with { Uid = "another" } };

        var difference = SetDifference.Between(later, Wanted(later), nobody, [left]);

        Assert.Empty(difference.Taken);
        Assert.Equal("another", OwnerIn(Assert.Single(difference.Changed)));
    }

    [Fact]
    public void A_tenant_that_is_unclear_keeps_its_connection()
    {
        var set = Owner(SomeSets.Set(SomeSets.Tenants(2)));
        var present = Wanted(set).Select(wanted => wanted.Connection).ToList();

        Assert.Equal(2, SetDifference.Between(set, [], nobody, present).Surplus.Count);
        Assert.Equal(
            [SomeSets.ConnectionOf(1)],
            SetDifference.Between(set, [], new HashSet<string> { "customer-0" }, present).Surplus.Select(left => left.Metadata.Name)
        );
    }

    [Fact]
    public void A_connection_that_is_being_deleted_holds_its_name_and_is_not_written()
    {
        var set = Owner(SomeSets.Set(SomeSets.Tenant(0)));
        var child = Wanted(set)[0].Connection;
        var going = child with
        {
            Metadata = child.Metadata with { DeletionTimestamp = DateTimeOffset.UnixEpoch },
            Spec = child.Spec with { Suspend = true },
        };

        var difference = SetDifference.Between(set, Wanted(set), nobody, [going]);

        Assert.Equal((0, 0, 0, 0), (difference.Missing.Count, difference.Changed.Count, difference.Surplus.Count, difference.Taken.Count));
        Assert.Empty(SetDifference.Between(set, [], nobody, [going]).Surplus);
    }

    /// <summary>
    /// Made-up sets over made-up connections: once a difference is made, none is left, and what is of nobody's set stays.
    /// </summary>
    [Fact]
    public async Task Making_a_difference_gives_what_is_wanted_and_making_it_again_writes_nothing()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var cluster = new InMemoryCluster(TimeProvider.System);
            await FillAsync(cluster, random);
            var set = MadeUp(random);
            var foreign = (await PresentAsync(cluster)).Where(connection => !SetConnections.IsOf(connection, set)).ToList();
            var wanted = Wanted(set);

            await MakeAsync(cluster, SetDifference.Between(set, wanted, nobody, await PresentAsync(cluster)));

            var present = await PresentAsync(cluster);
            var left = SetDifference.Between(set, wanted, nobody, present);
            Assert.True(
                (left.Missing.Count, left.Changed.Count, left.Surplus.Count) == (0, 0, 0),
                string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {string.Join("; ", left.Changed.Select(WithoutVersion))}")
            );
            var ours = present.Where(connection => SetConnections.IsOf(connection, set)).ToList();
            Assert.Equal(
                Names(wanted.Select(connection => connection.Connection)).Except(Names(left.Taken)),
                Names(ours)
            );
            Assert.All(ours, connection => Assert.Equal(Text(wanted, connection), Text(connection)));
            Assert.Subset(Versions(present), Versions(foreign));
        }
    }

    // What an earlier form of the set made, with what people did to it, and connections of others.
    private static async Task FillAsync(InMemoryCluster cluster, Random random)
    {
        foreach (var wanted in Wanted(MadeUp(random)))
        {
            var child = wanted.Connection;
            child = random.Next(6) switch
            {
                0 => child with { Spec = child.Spec with { Suspend = !child.Spec.Suspend, DisplayName = null } },
                1 => child with { Metadata = child.Metadata with { OwnerReferences = null } },
                2 => child with { Metadata = child.Metadata with { Labels = null } },
                3 => child with { Metadata = child.Metadata with { Annotations = null } },
                4 => Some.VismaConnection(child.Metadata.Name),
                _ => child,
            };
            await cluster.CreateAsync(child, Ct);
        }

        await cluster.CreateAsync(Some.VismaConnection("somebody-elses"), Ct);
    }

    private static VismaConnectionSet MadeUp(Random random)
    {
        var set = Owner(SomeSets.Set([.. SomeSets.Tenants(6).Where(_ => random.Next(2) == 0)]));
        var spec = set.Spec.Template.Spec with
        {
            Suspend = random.Next(2) == 0,
            Scopes = random.Next(2) == 0 ? ["a:b"] : ["a:b", "c:d"],
            Grant = random.Next(4) == 0 ? Grant.AuthorizationCode : Grant.ClientCredentials,
            DeclaredAuthorization = random.Next(2) == 0 ? null : new AuthorizationSpec(),
            DeclaredProbe = random.Next(2) == 0 ? null : new ProbeSpec { Enabled = random.Next(2) == 0 },
            Secret = random.Next(2) == 0 ? new SecretSpec() : new SecretSpec
            {
                Name = "${tenantName}-${tenantID}",
                Template = new SecretTemplate
                {
                    Data = random.Next(2) == 0
                        ? null
                        : new Dictionary<string, string> { [random.Next(2) == 0 ? "a" : "b"] = "<&\"'${scope}" },
                },
            },
        };
        return set with
        {
            Spec = set.Spec with
            {
                DeletionPolicy = random.Next(2) == 0 ? DeletionPolicy.Delete : DeletionPolicy.Retain,
                Template = new ConnectionTemplate
                {
                    Spec = spec,
                    Metadata = random.Next(3) == 0 ? null : new TemplateMetadata
                    {
                        Labels = Texts(random),
                        Annotations = Texts(random),
                    },
                },
            },
        };
    }

    private static Dictionary<string, string>? Texts(Random random) =>
        random.Next(3) == 0
            ? null
            : Enumerable.Range(0, 3).Where(_ => random.Next(2) == 0).ToDictionary(
                number => $"key-{number}",
                _ => random.Next(2) == 0 ? "${tenantName}" : "b",
                StringComparer.Ordinal
            );

    private static async Task MakeAsync(InMemoryCluster cluster, SetDifference difference)
    {
        foreach (var missing in difference.Missing)
        {
            await cluster.CreateAsync(missing, Ct);
        }

        foreach (var change in difference.Changed)
        {
            await cluster.PatchAsync<VismaConnection>(change.Present.Metadata.NamespacedName, change.Patch, Ct);
        }

        foreach (var surplus in difference.Surplus)
        {
            await cluster.DeleteAsync<VismaConnection>(surplus.Metadata.NamespacedName, new DeletePreconditions(surplus.Metadata.Uid), Ct);
        }
    }

    private static async Task<IReadOnlyList<VismaConnection>> PresentAsync(InMemoryCluster cluster) =>
        (await cluster.ListPageAsync<VismaConnection>(ResourceSelector.All, int.MaxValue, null, Ct)).Items;

    private static IEnumerable<string> Names(IEnumerable<VismaConnection> connections) =>
        connections.Select(connection => connection.Metadata.Name).Order(StringComparer.Ordinal);

    private static HashSet<string> Versions(IEnumerable<VismaConnection> connections) =>
        [.. connections.Select(connection => connection.Metadata.ResourceVersion!)];

    private static string Text(IReadOnlyList<WantedConnection> wanted, VismaConnection connection) =>
        Text(wanted.Single(other => other.Connection.Metadata.Name == connection.Metadata.Name).Connection);

    // Maps have no order.
    private static string Text(VismaConnection connection)
    {
        var data = connection.Spec.Secret.Template?.Data;
        return JsonSerializer.Serialize(
            new VismaConnection
            {
                Spec = data is null
                    ? connection.Spec
                    : connection.Spec with
                    {
                        Secret = connection.Spec.Secret with
                        {
                            Template = connection.Spec.Secret.Template! with
                            {
                                Data = data.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(),
                            },
                        },
                    },
            },
            VismaConnection.JsonTypeInfo
        );
    }

    private static List<WantedConnection> Wanted(VismaConnectionSet set) =>
        [.. SetConnections.Render(set, set.Spec.Tenants!).Select(connection => new WantedConnection(connection))];

    private static VismaConnectionSet Owner(VismaConnectionSet set) => set with { Metadata = set.Metadata with { Uid = Uid } };

    private static string WithoutVersion(ConnectionChange change)
    {
        var patch = change.Patch.DeepClone().AsObject();
        patch["metadata"]!.AsObject().Remove("resourceVersion");
        if (patch["metadata"]!.AsObject().Count == 0)
        {
            patch.Remove("metadata");
        }

        return patch.ToJsonString();
    }

    private static string? OwnerIn(ConnectionChange change) =>
        (string?)change.Patch["metadata"]!["ownerReferences"]!.AsArray().Single()!["uid"];
}
