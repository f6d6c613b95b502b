using Kubernetes.Client.Resources;
using Xunit;

namespace Kubernetes.Client.Contract;

/// <summary>Owner references. A real cluster needs a controller manager for these.</summary>
public abstract class GarbageCollectionContract : ContractSuite
{
    [Fact]
    public async Task An_object_is_deleted_with_its_owner()
    {
        var owner = await CreateAsync(WidgetNamed("owner"));
        await CreateAsync(OwnedBy("owned", owner));
        await using var watch = await WatchAsync<Secret>(Here with { FieldSelector = "metadata.name=owned" });

        await DeleteAsync<Widget>("owner");

        Assert.Equal("owned", (await watch.UntilDeletedAsync()).Metadata.Name);
    }

    [Fact]
    public async Task An_object_stays_while_one_of_its_owners_does()
    {
        var first = await CreateAsync(WidgetNamed("first"));
        var second = await CreateAsync(WidgetNamed("second"));
        await CreateAsync(OwnedBy("owned", first, second));
        await using var watch = await WatchAsync<Secret>(Here with { FieldSelector = "metadata.name=owned" });

        await DeleteAsync<Widget>("first");
        var left = await watch.NextAppliedAsync();
        await DeleteAsync<Widget>("second");

        Assert.Equal([second.Metadata.Uid], left.Metadata.OwnerReferences!.Select(owner => owner.Uid));
        Assert.Equal("owned", (await watch.UntilDeletedAsync()).Metadata.Name);
    }

    [Fact]
    public async Task An_object_without_that_owner_stays()
    {
        var owner = await CreateAsync(WidgetNamed("owner"));
        await CreateAsync(SecretNamed("free"));
        await CreateAsync(OwnedBy("owned", owner));
        await using var watch = await WatchAsync<Secret>(Here);

        await DeleteAsync<Widget>("owner");
        await watch.UntilDeletedAsync();

        Assert.NotNull(await FindAsync<Secret>("free"));
    }

    private Secret OwnedBy(string name, params Widget[] owners) =>
        SecretNamed(name) with
        {
            Metadata = new ObjectMeta
            {
                Name = name,
                Namespace = Namespace,
                OwnerReferences =
                [
                    .. owners.Select(owner => new OwnerReference
                    {
                        ApiVersion = owner.ApiVersion,
                        Kind = owner.Kind,
                        Name = owner.Metadata.Name,
                        Uid = owner.Metadata.Uid!,
                    }),
                ],
            },
        };
}
