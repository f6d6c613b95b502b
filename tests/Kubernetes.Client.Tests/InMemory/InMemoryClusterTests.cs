using System.Text.Json.Nodes;
using Kubernetes.Client.Contract;
using Kubernetes.Client.Resources;
using Kubernetes.InMemory;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kubernetes.Client.Tests.InMemory;

/// <summary>What only the in-memory cluster can be made to do: its clock, its history, its hooks.</summary>
public sealed class InMemoryClusterTests
{
    private static readonly ResourceSelector all = ResourceSelector.All;

    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Objects_are_created_at_the_time_of_the_clock()
    {
        var created = await new InMemoryCluster(clock).CreateAsync(Some.Widget("one"), Cancellation);

        Assert.Equal(clock.GetUtcNow(), created.Metadata.CreationTimestamp);
    }

    [Fact]
    public async Task A_watch_cannot_resume_from_a_forgotten_version()
    {
        var cluster = new InMemoryCluster(clock, new InMemoryClusterOptions { HistoryLength = 2 });
        var versions = new List<string>();
        foreach (var name in new[] { "a", "b", "c", "d" })
        {
            versions.Add((await cluster.CreateAsync(Some.Widget(name), Cancellation)).Metadata.ResourceVersion!);
        }

        await using var tooOld = new WatchLog<Widget>(cluster.WatchAsync<Widget>(all, versions[0], Cancellation));
        await using var oldest = new WatchLog<Widget>(cluster.WatchAsync<Widget>(all, versions[1], Cancellation));

        Assert.True((await Assert.ThrowsAsync<KubernetesException>(tooOld.NextAsync)).IsExpired);
        Assert.Equal("c", (await oldest.NextAppliedAsync()).Metadata.Name);
    }

    [Fact]
    public async Task A_compaction_expires_watches_and_pages()
    {
        var cluster = new InMemoryCluster(clock);
        await cluster.CreateAsync(Some.Widget("a"), Cancellation);
        await cluster.CreateAsync(Some.Widget("b"), Cancellation);
        var page = await cluster.ListPageAsync<Widget>(all, 1, null, Cancellation);
        await cluster.CreateAsync(Some.Widget("c"), Cancellation);

        cluster.Compact();

        await using var watch = new WatchLog<Widget>(cluster.WatchAsync<Widget>(all, page.ResourceVersion, Cancellation));
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(watch.NextAsync)).IsExpired);
        Assert.True(
            (
                await Assert.ThrowsAsync<KubernetesException>(() => cluster.ListPageAsync<Widget>(all, 1, page.ContinueToken, Cancellation))
            ).IsExpired
        );
    }

    [Fact]
    public async Task A_quiet_watch_gets_a_bookmark_every_minute()
    {
        var cluster = new InMemoryCluster(clock);
        await using var events = cluster.WatchAsync<Widget>(all, cluster.ResourceVersion, Cancellation).GetAsyncEnumerator(Cancellation);
        var next = events.MoveNextAsync();
        await cluster.CreateAsync(Some.Secret("elsewhere"), Cancellation);

        clock.Advance(TimeSpan.FromMinutes(1));

        Assert.True(await next);
        Assert.Equal(new WatchEvent<Widget>.Bookmark(cluster.ResourceVersion), events.Current);
    }

    [Fact]
    public async Task Admission_sets_defaults_and_refuses()
    {
        var cluster = new InMemoryCluster(clock, new InMemoryClusterOptions
        {
            Admit = (_, json) =>
            {
                json["spec"]!["color"] ??= "grey";
                return json["spec"]!["size"]!.GetValue<int>() > 9 ? ["spec.size: Invalid value: must be at most 9"] : [];
            },
        });

        var created = await cluster.CreateAsync(Some.Widget("one"), Cancellation);
        var refused = await Assert.ThrowsAsync<KubernetesException>(() =>
            cluster.PatchAsync<Widget>(Some.Named("one"), JsonNode.Parse("""{"spec":{"size":10}}""")!.AsObject(), Cancellation)
        );

        Assert.Equal("grey", created.Spec.Color);
        Assert.True(refused.IsInvalid);
        Assert.Contains("must be at most 9", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_brings_everything_back_as_it_was()
    {
        var journal = new MemoryJournal();
        var before = new InMemoryCluster(clock, new InMemoryClusterOptions { Journal = journal });
        await before.CreateAsync(Some.Widget("gone"), Cancellation);
        await before.CreateAsync(Some.Widget("kept"), Cancellation);
        var kept = await before.PatchStatusAsync<Widget>(
            Some.Named("kept"),
            JsonNode.Parse("""{"status":{"phase":"Done"}}""")!.AsObject(),
            Cancellation
        );
        await before.DeleteAsync<Widget>(Some.Named("gone"), null, Cancellation);

        var after = new InMemoryCluster(clock);
        foreach (var restored in journal.Objects.Values)
        {
            after.Restore(restored.Kind, JsonNode.Parse(restored.Json.Span)!.AsObject());
        }

        var page = await after.ListPageAsync<Widget>(all, 500, null, Cancellation);
        var created = await after.CreateAsync(Some.Widget("new"), Cancellation);
        var found = Assert.Single(page.Items);
        Assert.Equal(
            (kept.Metadata.Uid, kept.Metadata.ResourceVersion, kept.Status),
            (found.Metadata.Uid, found.Metadata.ResourceVersion, found.Status)
        );
        Assert.True(long.Parse(created.Metadata.ResourceVersion!, null) > long.Parse(page.ResourceVersion, null));
    }

    [Fact]
    public async Task A_journal_that_cannot_write_fails_the_request_and_changes_nothing()
    {
        var journal = new MemoryJournal();
        var cluster = new InMemoryCluster(clock, new InMemoryClusterOptions { Journal = journal });
        var created = await cluster.CreateAsync(Some.Widget("one"), Cancellation);
        journal.IsFull = true;

        await Assert.ThrowsAsync<IOException>(() => cluster.DeleteAsync<Widget>(Some.Named("one"), null, Cancellation));

        Assert.Equal(
            created.Metadata.ResourceVersion,
            (await cluster.FindAsync<Widget>(Some.Named("one"), Cancellation))?.Metadata.ResourceVersion
        );
        Assert.Equal(created.Metadata.ResourceVersion, cluster.ResourceVersion);
    }

    [Fact]
    public async Task Namespaces_are_needed_only_where_they_are_asked_for()
    {
        var strict = new InMemoryCluster(clock, new InMemoryClusterOptions { NamespacesMustExist = true });

        var refused = await Assert.ThrowsAsync<KubernetesException>(() => strict.CreateAsync(Some.Widget("one"), Cancellation));
        await strict.CreateAsync(new Namespace { Metadata = new ObjectMeta { Name = Some.HomeNamespace } }, Cancellation);
        await strict.CreateAsync(Some.Widget("one"), Cancellation);

        Assert.True(refused.IsNotFound);
    }

    [Fact]
    public async Task A_namespace_takes_its_content_with_it_once_nothing_holds_it()
    {
        var cluster = new InMemoryCluster(clock);
        var home = NamespacedName.ClusterScoped(Some.HomeNamespace);
        await cluster.CreateAsync(new Namespace { Metadata = new ObjectMeta { Name = Some.HomeNamespace } }, Cancellation);
        await cluster.CreateAsync(Some.Secret("free"), Cancellation);
        await cluster.CreateAsync(
            Some.Widget("held") with
            {
                Metadata = new ObjectMeta
                {
                    Name = "held",
                    Namespace = Some.HomeNamespace,
                    Finalizers = ["example.com/held"],
                },
            },
            Cancellation
        );

        await cluster.DeleteAsync<Namespace>(home, null, Cancellation);
        var leaving = await cluster.FindAsync<Namespace>(home, Cancellation);
        var refused = await Assert.ThrowsAsync<KubernetesException>(() => cluster.CreateAsync(Some.Secret("late"), Cancellation));
        await cluster.PatchAsync<Widget>(
            Some.Named("held"),
            JsonNode.Parse("""{"metadata":{"finalizers":null}}""")!.AsObject(),
            Cancellation
        );

        Assert.NotNull(leaving?.Metadata.DeletionTimestamp);
        Assert.Null(await cluster.FindAsync<Secret>(Some.Named("free"), Cancellation));
        Assert.True(refused.IsForbidden);
        Assert.Null(await cluster.FindAsync<Namespace>(home, Cancellation));
    }

    [Fact]
    public async Task An_object_whose_owner_is_already_gone_does_not_stay()
    {
        var cluster = new InMemoryCluster(clock);
        var owner = await cluster.CreateAsync(Some.Widget("owner"), Cancellation);
        await cluster.DeleteAsync<Widget>(Some.Named("owner"), null, Cancellation);

        await cluster.CreateAsync(
            Some.Secret("late") with
            {
                Metadata = new ObjectMeta
                {
                    Name = "late",
                    Namespace = Some.HomeNamespace,
                    OwnerReferences = [Some.OwnerReference(owner)],
                },
            },
            Cancellation
        );

        Assert.Null(await cluster.FindAsync<Secret>(Some.Named("late"), Cancellation));
    }

    [Fact]
    public async Task An_owner_of_a_kind_that_is_not_served_is_not_judged()
    {
        var cluster = new InMemoryCluster(clock);
        var foreign = new OwnerReference
        {
            ApiVersion = "apps/v1",
            Kind = "Deployment",
            Name = "foreign",
            Uid = "0e1d4bb4-1d2e-4f4b-9a45-5b1d6d0a2a11",
        };

        await cluster.CreateAsync(
            Some.Secret("owned") with
            {
                Metadata = new ObjectMeta
                {
                    Name = "owned",
                    Namespace = Some.HomeNamespace,
                    OwnerReferences = [foreign],
                },
            },
            Cancellation
        );

        Assert.NotNull(await cluster.FindAsync<Secret>(Some.Named("owned"), Cancellation));
    }

    [Fact]
    public async Task Many_writers_lose_no_update()
    {
        var cluster = new InMemoryCluster(clock);
        await cluster.CreateAsync(Some.Widget("one", size: 0), Cancellation);

        await Parallel.ForEachAsync(Enumerable.Range(0, 50), Cancellation, async (_, token) => await IncrementAsync(cluster, token));

        Assert.Equal(50, (await cluster.FindAsync<Widget>(Some.Named("one"), Cancellation))!.Spec.Size);
    }

    private static async Task IncrementAsync(InMemoryCluster cluster, CancellationToken cancellationToken)
    {
        while (true)
        {
            var current = await cluster.FindAsync<Widget>(Some.Named("one"), cancellationToken);
            try
            {
                await cluster.ReplaceAsync(current! with { Spec = new WidgetSpec { Size = current.Spec.Size + 1 } }, cancellationToken);
                return;
            }
            catch (KubernetesException conflict) when (conflict.IsConflict)
            {
                // Someone else was faster: look again.
            }
        }
    }

    private sealed class MemoryJournal : IClusterJournal
    {
        public Dictionary<(ResourceKind, NamespacedName), ClusterObject> Objects { get; } = [];

        public bool IsFull { get; set; }

        public void Write(ClusterObject written)
        {
            ThrowIfFull();
            Objects[(written.Kind, written.Name)] = written;
        }

        public void Delete(ClusterObject deleted)
        {
            ThrowIfFull();
            Objects.Remove((deleted.Kind, deleted.Name));
        }

        private void ThrowIfFull()
        {
            if (IsFull)
            {
                throw new IOException("disk full");
            }
        }
    }
}
