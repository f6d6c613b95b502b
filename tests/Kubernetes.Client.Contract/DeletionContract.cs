using Kubernetes.Client.Resources;
using Xunit;

namespace Kubernetes.Client.Contract;

/// <summary>Deletion: preconditions and finalizers.</summary>
public abstract class DeletionContract : ContractSuite
{
    [Fact]
    public async Task A_deleted_object_is_gone_and_cannot_be_deleted_again()
    {
        await CreateAsync(SecretNamed("one"));

        await DeleteAsync<Secret>("one");

        Assert.Null(await FindAsync<Secret>("one"));
        Assert.True((await RefusedAsync(() => DeleteAsync<Secret>("one"))).IsNotFound);
    }

    [Fact]
    public async Task A_later_object_of_the_same_name_is_not_deleted()
    {
        var first = await CreateAsync(SecretNamed("one"));
        await DeleteAsync<Secret>("one");
        var second = await CreateAsync(SecretNamed("one"));

        var refused = await RefusedAsync(() => DeleteAsync<Secret>("one", new DeletePreconditions(Uid: first.Metadata.Uid)));
        await DeleteAsync<Secret>("one", new DeletePreconditions(Uid: second.Metadata.Uid));

        Assert.True(refused.IsConflict);
        Assert.Null(await FindAsync<Secret>("one"));
    }

    [Fact]
    public async Task An_object_that_changed_since_is_not_deleted()
    {
        var created = await CreateAsync(WidgetNamed("one"));
        var changed = await PatchAsync<Widget>("one", """{"spec":{"size":2}}""");

        var refused = await RefusedAsync(() =>
            DeleteAsync<Widget>("one", new DeletePreconditions(ResourceVersion: created.Metadata.ResourceVersion))
        );
        await DeleteAsync<Widget>("one", new DeletePreconditions(ResourceVersion: changed.Metadata.ResourceVersion));

        Assert.True(refused.IsConflict);
        Assert.Null(await FindAsync<Widget>("one"));
    }

    [Fact]
    public async Task A_finalizer_holds_an_object_until_it_is_removed()
    {
        await CreateAsync(WithFinalizer("one"));

        await DeleteAsync<Widget>("one");
        var leaving = await GetAsync<Widget>("one");
        await DeleteAsync<Widget>("one");
        await PatchAsync<Widget>("one", """{"metadata":{"finalizers":null}}""");

        Assert.NotNull(leaving.Metadata.DeletionTimestamp);
        Assert.Null(await FindAsync<Widget>("one"));
    }

    [Fact]
    public async Task An_object_that_is_leaving_takes_no_new_finalizer()
    {
        await CreateAsync(WithFinalizer("one"));
        await DeleteAsync<Widget>("one");

        var refused = await RefusedAsync(() =>
            PatchAsync<Widget>("one", """{"metadata":{"finalizers":["example.com/held","example.com/more"]}}""")
        );
        await PatchAsync<Widget>("one", """{"metadata":{"finalizers":null}}""");

        Assert.True(refused.IsInvalid);
    }

    [Fact]
    public async Task A_watch_sees_an_object_leave_and_then_go()
    {
        await using var watch = await WatchAsync<Widget>(Here);
        await CreateAsync(WithFinalizer("one"));
        await DeleteAsync<Widget>("one");
        await PatchAsync<Widget>("one", """{"metadata":{"finalizers":null}}""");

        Assert.Null((await watch.NextAppliedAsync()).Metadata.DeletionTimestamp);
        Assert.NotNull((await watch.NextAppliedAsync()).Metadata.DeletionTimestamp);
        Assert.Equal("one", (await watch.UntilDeletedAsync()).Metadata.Name);
    }

    private Widget WithFinalizer(string name) => WidgetNamed(name) with
    {
        Metadata = new ObjectMeta { Name = name, Namespace = Namespace, Finalizers = ["example.com/held"] },
    };
}
