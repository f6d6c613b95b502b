using Kubernetes.Client.Resources;
using Xunit;

namespace Kubernetes.Client.Contract;

/// <summary>Watches: order, resuming, selectors.</summary>
public abstract class WatchContract : ContractSuite
{
    [Fact]
    public async Task A_watch_sees_creation_change_and_deletion_in_order()
    {
        await using var watch = await WatchAsync<Widget>(Here);
        await CreateAsync(WidgetNamed("one", size: 1));
        var changed = await PatchAsync<Widget>("one", """{"spec":{"size":2}}""");
        await DeleteAsync<Widget>("one");

        Assert.Equal(1, (await watch.NextAppliedAsync()).Spec.Size);
        Assert.Equal(2, (await watch.NextAppliedAsync()).Spec.Size);
        var deleted = await watch.NextDeletedAsync();
        Assert.Equal(2, deleted.Spec.Size);
        Assert.True(Number(deleted) > Number(changed));
    }

    [Fact]
    public async Task A_watch_resumes_after_the_version_it_is_given()
    {
        var first = await CreateAsync(WidgetNamed("first"));
        await CreateAsync(WidgetNamed("second"));

        await using var watch = new WatchLog<Widget>(Client.WatchAsync<Widget>(Here, first.Metadata.ResourceVersion!, Cancellation));

        Assert.Equal("second", (await watch.NextAppliedAsync()).Metadata.Name);
    }

    [Fact]
    public async Task A_watch_without_a_version_begins_with_what_exists()
    {
        await CreateAsync(WidgetNamed("one"));

        await using var watch = new WatchLog<Widget>(Client.WatchAsync<Widget>(Here, string.Empty, Cancellation));

        Assert.Equal("one", (await watch.NextAppliedAsync()).Metadata.Name);
    }

    [Fact]
    public async Task An_object_that_leaves_the_selector_counts_as_deleted()
    {
        await using var watch = await WatchAsync<Widget>(Here with { LabelSelector = "shown=yes" });
        await CreateAsync(WidgetNamed("one"));
        await PatchAsync<Widget>("one", """{"metadata":{"labels":{"shown":"yes"}}}""");
        var hidden = await PatchAsync<Widget>("one", """{"metadata":{"labels":{"shown":"no"}}}""");

        Assert.Equal("one", (await watch.NextAppliedAsync()).Metadata.Name);
        var left = await watch.NextDeletedAsync();
        Assert.Equal(hidden.Metadata.ResourceVersion, left.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_watch_by_name_sees_only_that_object()
    {
        await using var watch = await WatchAsync<Secret>(Here with { FieldSelector = "metadata.name=followed" });
        await CreateAsync(SecretNamed("other"));
        await CreateAsync(SecretNamed("followed", ("key", "value")));

        Assert.Equal("value", (await watch.NextAppliedAsync()).Data!["key"].RevealText());
    }

    [Fact]
    public async Task A_watch_of_metadata_sees_changes_of_the_content()
    {
        await CreateAsync(SecretNamed("one", ("key", "old")));
        await using var watch = await WatchAsync<SecretMetadata>(Here with { FieldSelector = "metadata.name=one" });

        var changed = await Client.ReplaceAsync(SecretNamed("one", ("key", "new")), Cancellation);

        Assert.Equal(changed.Metadata.ResourceVersion, (await watch.NextAppliedAsync()).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_status_patch_is_seen_by_a_watch()
    {
        await CreateAsync(WidgetNamed("one"));
        await using var watch = await WatchAsync<Widget>(Here);

        await PatchStatusAsync<Widget>("one", """{"status":{"phase":"Done"}}""");

        Assert.Equal("Done", (await watch.NextAppliedAsync()).Status?.Phase);
    }

    [Fact]
    public async Task A_cancelled_watch_ends()
    {
        using var closed = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var events = Client
            .WatchAsync<Widget>(Here, (await ListAsync<Widget>(Here)).ResourceVersion, closed.Token)
            .GetAsyncEnumerator(closed.Token);
        var next = events.MoveNextAsync().AsTask();

        await closed.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
    }

    private static ulong Number(Widget widget) =>
        ulong.Parse(widget.Metadata.ResourceVersion!, System.Globalization.CultureInfo.InvariantCulture);
}
